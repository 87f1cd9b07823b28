"""A case: one fault in a directory of its own, seen from outside, with the tools to look closer."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import AttemptOutcome, Scene
from workshop.breaking.serving import come_back
from workshop.breaking.stage import EXPENSES
from workshop.breaking.symptom import TOKEN, ShownSymptom, steady, symptom
from workshop.diagnosis import Diagnosis, diagnose, walk
from workshop.errors import WorkshopError
from workshop.playground.directory_tenant import GraphCallRefused
from workshop.servers.settings import SettingsError
from workshop.show.frame import GREEN, Notice
from workshop.show.table import Table

if TYPE_CHECKING:
    from workshop.background import BackgroundServer


class NothingThere(WorkshopError):
    """A case has no such thing. A notebook shows one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(eq=False, repr=False)
class Case:
    """Something is broken here. The display is what the user sees.

    Attributes:
        key: by which it was opened; it tells nothing of the fault but its level.
        names: what its ids are called in what is shown; for `lesson.recording(case.names)`.
        symptom: what was seen at first.
    """

    key: str
    names: dict[str, str]
    _fault: InjectedFault = field(repr=False)
    _scene: Scene = field(repr=False)
    symptom: ShownSymptom = field(init=False)
    _outcome: AttemptOutcome = field(init=False)
    _mend: Mend = field(init=False)

    def __post_init__(self) -> None:
        self._mend = self._fault.set(self._scene)
        self._outcome = self._scene.attempt()
        self.symptom = self._readable(self._outcome)

    def attempt(self) -> ShownSymptom:
        """Do once more what the user did, and return what is seen."""
        return self._readable(self._scene.attempt())

    @property
    def address(self) -> str:
        """The address that the client opens in the browser."""
        return self._scene.stage.authorize_url(self._scene.asked())

    @property
    def token(self) -> str:
        """The access token that was shown last, to a server or to Entra.

        Raises:
            NothingThere: it did not come to that.
        """
        shown = (self._scene.on_behalf_of or {}).get("assertion") or self._scene.held
        if not shown:
            raise NothingThere("No token was issued in this case. Look at what was asked and answered before.")
        return shown

    @property
    def server(self) -> BackgroundServer:
        """The MCP server of this case.

        Raises:
            NothingThere: the client meets Entra only.
        """
        if self._scene.server is None:
            raise NothingThere("No MCP server runs in this case: what goes wrong is between the client and Entra.")
        return self._scene.server

    def verify_registration(self) -> Table | Notice:
        """Hold the app's registration against what it should be, and return the settings that are wrong.

        It is what `workshop verify` does with an app of your own.
        """
        # Graph's models take a second to import: a start cell does not wait for them.
        from workshop.registration import codec
        from workshop.registration.seen import Snapshot
        from workshop.registration.verification import verify

        known = self._graph("GET", f"/applications/{self._scene.app.object_id}")
        snapshot = Snapshot(
            source="Microsoft Graph",
            at=datetime.now(UTC),
            parts=frozenset({"application"}),
            app=codec.application(known),
        )
        judged = verify(snapshot, EXPENSES)
        if not judged.wrong:
            right = sum(finding.status == "right" for finding in judged.findings)
            return Notice("THE REGISTRATION IS RIGHT", (f"{right} settings were looked at.",), GREEN)
        rows = tuple(
            (finding.setting, self._steady(finding.found), self._steady(finding.should)) for finding in judged.wrong
        )
        return Table(("wrong setting", "found", "should be"), rows)

    def change(self, **properties: Any) -> None:
        """Change the app's registration, as its manifest page in the admin center does.

        Args:
            properties: by their names in Microsoft Graph, such as `web`.

        Raises:
            NothingThere: Graph refused; it says why.
        """
        self._graph("PATCH", f"/applications/{self._scene.app.object_id}", properties)

    def restart(self, settings: Mapping[str, str], *, new_secret: bool = False) -> str:
        """Let a client register with a proxy, restart the proxy, and say what the returning client meets.

        Args:
            settings: variables of the proxy, such as ENTRA_PROXY_STORAGE; a folder there is one of this case's own.
            new_secret: whether the proxy gets a new client secret with the restart.

        Raises:
            NothingThere: the settings can't be used; it says which.
        """
        with tempfile.TemporaryDirectory(prefix="workshop-", ignore_cleanup_errors=True) as folder:
            try:
                outcome = come_back(self._scene, settings, Path(folder), new_secret=new_secret)
            except SettingsError as error:
                raise NothingThere(str(error)) from None
        seen = self._readable(outcome).text.splitlines()
        return seen[1] if len(seen) > 1 else (seen or ["the sign-in page"])[0]

    def diagnose(self) -> Diagnosis:
        """Diagnose it from the symptom alone, or by a walk to the server where the address tells more."""
        seen = self._outcome.seen
        if self._outcome.url:
            findings = walk(self._outcome.url, http=self._scene.http, tell=lambda _: None)
            return Diagnosis(findings)
        return diagnose(seen if self.symptom.text == TOKEN else self._steady(seen))

    def mend(self) -> Notice:
        """Mend it, try again, and say what it was."""
        self._mend()
        again = self.attempt()
        how = self._fault.how
        lines = [f"{self._fault.failure}: {how}", f"Set on: the {self._fault.where}. Level {self._fault.level}."]
        lines += [f"Made by hand: {self._fault.by_hand}."] if self._fault.by_hand else []
        return Notice("MENDED", (*lines, repr(again)), GREEN)

    def close(self) -> None:
        """End what runs for it."""
        self._scene.close()
        self._scene.closing.clear()

    def _readable(self, outcome: AttemptOutcome) -> ShownSymptom:
        return symptom(outcome.seen, self._names)

    def _steady(self, text: str) -> str:
        return steady(text, self._names)

    @property
    def _names(self) -> dict[str, str]:
        """The names, and one for the part of the client id that a made-up host name has."""
        return self.names | {self._scene.app.client_id[:8]: "{client}"}

    def _graph(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return self._scene.stage.graph(method, path, body)
        except GraphCallRefused as refused:
            raise NothingThere(str(refused)) from None

    def __repr__(self) -> str:
        return f"CASE {self.key}\n{self.symptom!r}"

    def _repr_html_(self) -> str:
        return f"<div><b>Case {self.key}</b></div>{self.symptom._repr_html_()}"
