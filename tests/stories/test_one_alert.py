"""One alert, from a coordinator's phone to every partner's room and into the log, on real networks."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

from tests.emulators.program import Program
from tests.emulators.synapse import SynapseServer
from tests.stories.crisis import ADMIN, ANNE, CARL, DRK, RED_CROSS, TOWN_HALL, crisis


async def test_an_evacuation_reaches_each_room_with_its_own_view_and_the_log_verifies(
    synapse: SynapseServer, tmp_path: Path
) -> None:
    """The whole spine: activation, prerogative, preview, two persons, four rooms with four views, answers, close, verified log."""
    async with crisis(synapse, tmp_path, how=Program) as town:
        tg, ada = town.telegram, town.ada
        fire, zuid = town.rooms["liege-fire"], town.rooms["vr-zl"]
        await town.start()
        await tg.say(TOWN_HALL, CARL, "/activate meuse-flood Crue de l'Ourthe")
        await tg.wait_message(TOWN_HALL, "I-1")
        await ada.wait_message(fire, "I-1")
        await town.enrol(ANNE, "official", "liege-city")

        await ada.say(fire, "/alert evacuation action=leave where=Chênée")
        refused = await ada.wait_message(fire, "Ville de Liège (")
        assert str(_line(town.playbook)) in refused.body

        await tg.say(TOWN_HALL, ANNE, '/alert evacuation action=leave where="Chênée" people=412 L\'Ourthe monte vite')
        preview = await tg.wait_message(TOWN_HALL, "D-2")
        assert "9 salons" in preview.text
        assert "DRK Aachen" in preview.text
        assert "be→de" in preview.text
        await tg.press(TOWN_HALL, preview.id, ANNE, "/draft D-2 send")
        await tg.wait_message(TOWN_HALL, "Ville de Liège", after=preview.id)
        began = time.monotonic()
        await tg.press(TOWN_HALL, preview.id, ADMIN, "/draft D-2 send")
        at_fire = await ada.wait_message(fire, "A-1")
        at_zuid = await ada.wait_message(zuid, "A-1")
        at_cross = await tg.wait_message(RED_CROSS, "A-1")
        at_drk = await tg.wait_message(DRK, "A-1")
        print(f"from confirmation to the last of four rooms: {time.monotonic() - began:.3f} s")

        assert "Partez, vers les hauteurs." in at_fire.body
        assert "L'Ourthe monte vite" in at_fire.body
        assert at_fire.decrypted
        assert "Vertrek nu" in at_zuid.body
        assert "Gebied: Chênée" in at_zuid.body
        assert "TLP:GREEN" in at_cross.text
        assert "412" not in at_cross.text
        assert "Verlassen Sie das Gebiet" in at_drk.text
        assert "Ourthe" not in at_drk.text
        assert "Chênée" not in at_drk.text

        await ada.react(zuid, at_zuid.event_id, "✅")
        await ada.wait_message(zuid, "Veiligheidsregio Zuid-Limburg · ")
        await tg.press(RED_CROSS, at_cross.id, CARL, "/ack A-1 seen")
        await tg.wait_message(RED_CROSS, "Croix-Rouge de Belgique · ")
        await ada.say(fire, "/danger la digue cède")
        await tg.wait_message(TOWN_HALL, "IILE-SRI Liège", after=preview.id + 2)

        await tg.say(ADMIN, ADMIN, "/close I-1 yes")
        await ada.wait_message(fire, "I-1, ")
        await tg.wait_message(RED_CROSS, "I-1, ")
        assert await town.program.stop() == 0
        printed = town.program.log.read_text()
        assert printed and "Ourthe" not in printed and "digue" not in printed, "what people say is no business of a log"
        assert tg.token not in printed and "bot-password" not in printed

        bundle = tmp_path / "crue.zip"
        code, out, err = await town.program.run("export", "I-1", "-o", str(bundle), "--reason", "inquiry")
        assert code == 0, out + err
        code, out, err = await town.program.run("verify", str(bundle))
        assert code == 0, out + err
        with zipfile.ZipFile(bundle) as parts:
            kinds = [json.loads(line)["type"] for line in parts.read("entries.jsonl").splitlines()]
        assert kinds.count("Acknowledged") == 2
        assert kinds.count("AlertIssued") == 1
        damaged = bytearray(bundle.read_bytes())
        at = damaged.index(b'"type":"AlertIssued"')
        damaged[at + 9] ^= 1
        (tmp_path / "damaged.zip").write_bytes(damaged)
        code, out, err = await town.program.run("verify", str(tmp_path / "damaged.zip"))
        assert code == 1
        assert f"entry {kinds.index('AlertIssued')}" in (out + err).lower()


def _line(playbook: Path) -> int:
    """The line of the playbook that says whose evacuation is."""
    lines = playbook.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == "evacuation:")
    return next(i for i in range(start, len(lines)) if lines[i].strip().startswith("by:")) + 1
