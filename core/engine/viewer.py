"""Looks at what layers put out: a plan of its own, in which layers that run as one step are taken apart."""

from collections.abc import Iterable

from core.engine.flow import make_flow
from core.engine.parameters import Parameters
from core.engine.plan import Phase, make_plan
from core.engine.pool import Pool
from core.engine.runner import Runner
from core.graph.network import Network
from core.layers.base import Array


class Viewer:
    """The outputs of a network's layers, with the weights of an engine; its plan grows with the batch."""

    def __init__(self, network: Network, parameters: Parameters, pool: Pool, precise: bool) -> None:
        self._network, self._parameters, self._pool, self._precise = network, parameters, pool, precise
        self._runner: Runner | None = None

    @property
    def scratch_bytes(self) -> int:
        """Bytes it holds besides the weights."""
        return self._runner.plan.build.arena.bytes if self._runner else 0

    def outputs(self, x: Array, names: Iterable[str], training: bool, moment: tuple[int, int]) -> dict[str, Array]:
        """Outputs of the named layers, N×C×H×W or N×K; `moment` is the run's seed and how many steps there were."""
        runner = self._ready(x, training, moment)
        wanted = {name: runner.plan.flow.names[name] for name in names}
        runner.execute(runner.leading_to(wanted.values(), use=not training))
        return {name: runner.plan.tensors[key].read(len(x)) for name, key in wanted.items()}

    def phases(self, x: Array, names: Iterable[str]) -> list[Phase]:
        """What `outputs` does in inference mode."""
        runner = self._ready(x, False, (0, 0))
        return runner.leading_to([runner.plan.flow.names[name] for name in names], use=True)

    def _ready(self, x: Array, training: bool, moment: tuple[int, int]) -> Runner:
        runner = self._runner
        if runner is None or runner.plan.build.batch < len(x):
            flow = make_flow(self._network, join_softmax=False, precise=self._precise)
            plan = make_plan(flow, len(x), self._pool.threads, False, self._parameters)
            self._runner = runner = Runner(plan, self._pool)
        for step in runner.plan.steps:
            step.refresh()
        runner.run.seed, runner.run.step = moment
        runner.take(x, training=training)
        return runner
