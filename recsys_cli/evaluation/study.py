"""Case by case, the model and all baselines on the same users; at the end one report a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from recsys_cli.config.evaluation import BaselineConfig, ProtocolConfig
from recsys_cli.evaluation.baseline_list import BASELINES, why_not
from recsys_cli.evaluation.measures import GroupMeasure, Measured, Scorer
from recsys_cli.evaluation.parts import Attribute
from recsys_cli.evaluation.protocol import Case
from recsys_cli.evaluation.result import MODEL, GroupReport, Measurements, group_report


class Study:
    """Collects measurements of cases.

    Attributes:
        notes: what was left out, and why.
    """

    def __init__(self, protocol: ProtocolConfig, baselines: BaselineConfig):
        self._protocol, self._baselines = protocol, baselines
        self._measurements: dict[str, Measurements] = {}
        self.notes: list[str] = []

    def add(self, case: Case, model: Scorer, *, title: str, stage: Callable[[str], None]) -> None:
        """Measure a model and the baselines, fitted here, on the groups of a case.

        Args:
            case: what was trained on, and what was held out.
            model: trained on exactly those ratings.
            title: of the model, for people.
            stage: is told what is measured.
        """
        seen = case.data.rated()
        groups = {group.kind: GroupMeasure(group, case.data, self._protocol, seen=seen) for group in case.groups}
        self._limit_notes(groups)
        stage("the model")
        for kind, group in groups.items():
            self._keep(kind, group, MODEL, title, group.measure(model, ranks=True))
        for entry in BASELINES:
            wanted = [kind for kind in groups if entry.rates or kind in entry.ranks]
            if not wanted or (entry.only_by_time and case.data.recent is None):
                continue
            if reason := why_not(entry, case.data, self._baselines):
                self._note(f"{entry.title} is left out: {reason}.")
                continue
            stage(entry.title)
            baseline = entry.fit(case.data, self._baselines, case.seed)
            for kind in wanted:
                measured = groups[kind].measure(baseline, ranks=kind in entry.ranks)
                self._keep(kind, groups[kind], entry.name, entry.title, measured)

    def groups(self, by: Mapping[str, Attribute]) -> tuple[GroupReport, ...]:
        """The report of each group, with intervals, its people divided by attributes."""
        return tuple(
            group_report(
                measurements, resamples=self._protocol.resamples, rng=np.random.default_rng([0, place]), by=by
            )
            for place, measurements in enumerate(self._measurements.values())
        )

    def _keep(self, kind: str, group: GroupMeasure, name: str, title: str, measured: Measured) -> None:
        kept = self._measurements.setdefault(kind, Measurements(kind))
        kept.titles[name] = title
        kept.by_name.setdefault(name, []).append(measured)
        if name == MODEL:
            kept.num_ratings.append(len(group.ratings))
            kept.num_rankers.append(len(group.rankers))

    def _limit_notes(self, groups: dict[str, GroupMeasure]) -> None:
        for kind, group in groups.items():
            if group.is_sample:
                self._note(f"Of the {kind} group {len(group.user_rows):,} users are measured, chosen at random.")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)
