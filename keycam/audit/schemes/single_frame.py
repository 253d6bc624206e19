"""What one large frame gives away where blocks have a map in common, or pixels stay in place."""

import cv2
import numpy as np

from keycam.audit.attacking import Attacker
from keycam.audit.case import Figure, Scored
from keycam.audit.schemes.audited import AuditedScheme, NotApplied
from keycam.audit.schemes.recovery import pictures_found
from privacy.attacks.guessed_map import GuessedMap
from privacy.attacks.map_from_chosen import map_from_chosen, scenes_to_choose
from privacy.scoring.chance import share_limit
from privacy.scoring.key_score import adjacent_by_chance, adjacent_share, pairs_of_neighbours
from privacy.scoring.map_score import score_block, score_map
from privacy.structure import parts_of

SIZE_PX = (96, 128)
KEY = 6


def single_frame(scheme: AuditedScheme, attacker: Attacker) -> Scored | NotApplied:
    """The bundled still, or the source's first scene, as one frame of 96x128."""
    structure = scheme.structure
    if not structure.hidden:
        return NotApplied("pictures travel as they are")
    small = cv2.resize(scheme.footage.still, SIZE_PX[::-1], interpolation=cv2.INTER_AREA)
    still = np.asarray(small, np.uint8)[None]
    sent = scheme.sent(KEY, still)
    if structure.block == 1:
        found = attacker.tries("pictures_in_place", scheme.given(sent=sent))
        return Scored(1, pictures_found(scheme, found["pictures"], still, sent))
    if structure.same_blocks:
        guess = GuessedMap.read(attacker.tries("map_from_frames", scheme.given(sent=sent)))
        score = score_map(guess, scheme.keyed(KEY, SIZE_PX), structure, 1, scheme.seed)
        inside = score_block(guess, _truth(scheme), structure, scheme.seed)
        entries = {
            "key_entries_recovered": Figure(score.entries, score.chance, score.limit),
            "entries_inside_blocks_recovered": Figure(inside.entries, inside.chance, inside.limit),
        }
        return Scored(1, {**entries, **pictures_found(scheme, guess.undone(sent, structure), still, sent)})
    if structure.blocks_move and structure.whole_pixels:
        says = (
            "no solver for turned, complemented and recoloured pieces is run here; Chuman, Kurihara and Kiya (2018) extend some"
        )
        return Scored(1, _neighbours(scheme), {"says": says})
    return NotApplied("in one frame every entry of the key is used once; what is left is the histogram, of each block or of all")


def _truth(scheme: AuditedScheme) -> GuessedMap:
    """The map itself: whoever keeps the score can encrypt what says it."""
    return map_from_chosen(scheme.sent(KEY, scenes_to_choose(scheme.structure, *SIZE_PX)), scheme.structure)


def _neighbours(scheme: AuditedScheme) -> dict[str, Figure]:
    """The share of neighbours in the picture that travel as neighbours: whole blocks keep theirs."""
    height, width = SIZE_PX
    source = _truth(scheme).source
    # Parts come block by block: where each pixel lies in the raster, before and after.
    numbers = np.arange(3 * height * width).reshape(1, height, width, 3)
    raster = parts_of(numbers, scheme.structure).ravel()[::3] // 3
    order = np.empty(height * width, np.int64)
    order[raster] = raster[source[::3] // 3]
    chance = adjacent_by_chance(height, width)
    share = adjacent_share(np.arange(order.size), order, height, width)
    return {"neighbours_on_the_link": Figure(share, chance, share_limit(chance, pairs_of_neighbours(height, width)))}
