"""Stage: the planner beside the bundled model, which draws over its plans.

``python -m training.guided.lending --out DIR`` writes ``plans/``, to be put into the folder of the
diffusion model with whose text model the planner was trained.
"""

from generation.guided.plans import OWN, write_plans
from training.guided.basis import load_basis
from training.guided.exporting import take_mean
from training.guided.planning import new_planner
from training.plan import Options, start


def lend(given: Options) -> None:
    """Write ``plans/`` of a planner as far as it is trained."""
    planner = new_planner()
    trained = take_mean(given, "planner", planner)
    folder = given.folder(OWN)
    write_plans(folder, planner, load_basis(given))
    print(f"{folder} has a planner after {trained['steps']} steps, {trained['minutes']} minutes")


if __name__ == "__main__":
    start(__doc__, lend)
