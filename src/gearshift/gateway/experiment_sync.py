"""ExperimentSync: puts the running experiments of the decision log into this process's routing."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from gearshift.decision_log.lazy_engine import LazyEngine
from gearshift.errors import GearshiftError
from gearshift.interface import LLMInterface
from gearshift.planning.experiment_routers import ExperimentRouters
from gearshift.threads import Purpose, in_thread

logger = logging.getLogger(__name__)

_EVERY_SECONDS: Final = 2.0


class ExperimentSync:
    """Asks the log now and then what runs; whatever is wrong with it, routing goes on.

    Args:
        url: Of the log's database.
    """

    def __init__(self, url: str) -> None:
        self._llm: LLMInterface | None = None
        self._database = LazyEngine(lambda: url)
        self._task: asyncio.Task[None] | None = None
        self._is_in_trouble = False

    def switch_to(self, llm: LLMInterface) -> None:
        """Change the routing of this one; at once, if the one before has experiments."""
        before, self._llm = self._llm, llm
        if before is not None and before.planner.experiment_routers is not None:
            running = before.planner.experiment_routers.experiments
            try:
                llm.planner.experiment_routers = ExperimentRouters(
                    llm.settings.tiered_routing, llm.router, running
                )
            except GearshiftError as error:
                logger.error("experiments do not fit the new configuration: %s", error)

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """Stop asking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._database.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
                self._is_in_trouble = False
            except Exception as error:  # noqa: BLE001 - the database may fail in any way
                if not self._is_in_trouble:
                    logger.warning("experiments cannot be read: %s", " ".join(str(error).split()))
                self._is_in_trouble = True
            await asyncio.sleep(_EVERY_SECONDS)

    async def _look(self) -> None:
        llm = self._llm
        assert llm is not None, "switch_to comes first"
        routers = await in_thread(Purpose.EXPERIMENTS, self._routers, llm)
        if llm is self._llm and routers is not llm.planner.experiment_routers:
            llm.planner.experiment_routers = routers
            names = [experiment.name for experiment in routers.experiments] if routers else []
            logger.info("experiments: %s", ", ".join(names) or "none")

    def _routers(self, llm: LLMInterface) -> ExperimentRouters | None:
        """What the running experiments need; the old value where nothing has changed."""
        from gearshift.decision_log.experiments import ExperimentState, experiments

        running = experiments(self._database.get(), ExperimentState.RUNNING)
        wanted = tuple(kept.experiment for kept in running)
        current = llm.planner.experiment_routers
        if wanted == (current.experiments if current else ()):
            return current
        return (
            ExperimentRouters(llm.settings.tiered_routing, llm.router, wanted) if wanted else None
        )
