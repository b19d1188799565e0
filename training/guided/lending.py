"""Stage: the guide-driven model beside the bundled one, whose text model its planner reads.

``python -m training.guided.lending --out DIR`` writes ``plans/``, to be put into the folder of the
diffusion model with whose text model the planner was trained.
"""

from generation.guided.checkpoint import write_networks
from generation.guided.plans import OWN
from training.guided.crediting import write_card
from training.guided.exporting import gather
from training.plan import Options, start


def lend(given: Options) -> None:
    """Write ``plans/`` of the networks as far as they are trained."""
    networks, trained = gather(given)
    folder = given.folder(OWN)
    write_networks(folder, networks, {"licence": "CC-BY-4.0", "trained": trained})
    write_card(given, folder)
    print(f"{folder} draws by plans: {trained}")


if __name__ == "__main__":
    start(__doc__, lend)
