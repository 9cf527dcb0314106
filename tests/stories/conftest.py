"""Stories need one homeserver for the whole run."""

from tests.emulators.fixtures import synapse as synapse
