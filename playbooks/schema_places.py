"""Where things are and whose law holds there: jurisdictions, the agreements between them, and named ground."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from playbooks.schema_lists import Distinct, Many, Some, listed
from playbooks.schema_times import Day
from playbooks.schema_words import (
    AreaRef,
    Finding,
    JurisdictionRef,
    Language,
    Localized,
    Name,
    Number,
    Part,
    refusal,
)


class Jurisdiction(Part):
    """A country or region with its own law."""

    name: Localized
    """What people call it.

    Example: `{en: Belgium, fr: Belgique}`
    """
    language: Language | None = None
    """The language in which its partners are addressed where they name none. Without it: the playbook's first.

    Example: `fr`
    """


class Agreement(Part):
    """What allows sharing across a border, or of personal data at home: who with whom, for what, from when to when."""

    title: Localized
    """What it is called; people read it where they are told why something was shared, or was not.

    Example: `EMRIC mutual assistance agreement`
    """
    between: Annotated[tuple[JurisdictionRef, ...], Field(min_length=2), BeforeValidator(listed)]
    """The jurisdictions it joins, each with each other. For personal data at home, one is named twice.

    Example: `[be, nl]`
    Example: `[be, be]`
    """
    purposes: Annotated[Some[Name], Distinct()]
    """For which purposes it allows sharing, in free words. It carries only rules that state one of these as their `purpose`.

    Example: `[life-safety, flood-control]`
    """
    from_: Day | None = Field(default=None, alias="from")
    """Its first day, in the playbook's time zone. Without it: it has always been in force.

    Example: `2021-01-01`
    """
    until: Day | None = None
    """Its last day, in the playbook's time zone; from the day after, what it carried stops at the border. Without it: no end.

    Example: `2027-12-31`
    """
    onward: bool = False
    """Whether a receiver may pass on what it got. Without it: no; no bridged channel carries it further.

    Example: `true`
    """

    def in_force(self, day: date) -> bool:
        """On this day, both dates inclusive. The day is one of the playbook's time zone."""
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)

    def joins(self, one: str, other: str) -> bool:
        """Whether it is between these two jurisdictions; a jurisdiction with itself only where it is listed twice."""
        if one == other:
            return self.between.count(one) >= 2
        return one in self.between and other in self.between


def _agreement(value: Agreement) -> Agreement:
    if value.from_ is not None and value.until is not None and value.until < value.from_:
        raise refusal(Finding("wrong-order", "it ends before it begins", "put `until` on or after `from`", ("until",)))
    return value


Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]
Kilometres = Annotated[Number, Field(gt=0, le=20000)]


Point = Annotated[tuple[Latitude, Longitude], BeforeValidator(listed)]


class Area(Part):
    """A named piece of ground: a circle, or a polygon. One of the two."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["circle"]}, {"required": ["polygon"]}]})

    name: Localized
    """What people call it. They may type it as the place of an alert, and they read it where only the area is shown.

    Example: `Chênée`
    Example: `{fr: Liège, nl: Luik}`
    """
    jurisdiction: JurisdictionRef
    """Whose law holds there. Partners without `covers` have all areas of their jurisdiction as their ground.

    Example: `be`
    """
    circle: Annotated[tuple[Latitude, Longitude, Kilometres], BeforeValidator(listed)] | None = None
    """Latitude and longitude of the middle in degrees, and the radius in kilometres. Either this or `polygon`.

    Example: `[50.611, 5.615, 2.0]`
    """
    polygon: Annotated[tuple[Point, ...], Field(min_length=3, max_length=10000), BeforeValidator(listed)] | None = None
    """Its corners one after the other, each as latitude and longitude in degrees; at least three. Either
    this or `circle`.

    Example: `[[50.715, 5.665], [50.720, 5.720], [50.752, 5.730]]`
    """
    near: Many[AreaRef] = ()
    """Areas that feel it next: downstream, downwind, next door. Alerts `to: {area: affected, near: true}` reach them too.
    One way only: that the other has this one near is said there. Without any: nobody beside it.

    Example: `[maastricht, vise]`
    """


def _area(value: Area) -> Area:
    if value.circle is None and value.polygon is None:
        raise refusal(
            Finding("missing-key", "it has no ground", "add `circle: [lat, lon, km]` or `polygon: [[lat, lon], …]`")
        )
    if value.circle is not None and value.polygon is not None:
        raise refusal(
            Finding("conflicting-keys", "it has a circle and a polygon", "keep one of them", ("polygon",), True)
        )
    return value


AgreementEntry = Annotated[Agreement, AfterValidator(_agreement)]
AreaEntry = Annotated[Area, AfterValidator(_area)]
