/* The life of a world: N ranks, the collectives that they meet in, the launcher
 * that watches them, faults, and the world that follows one that was lost.
 * docs/tick.md says in words what is here and what is not; tools/prove checks
 * it, and that each of the mutants is noticed.
 *
 * -DN=ranks -DFAULTS=how many at most -DSLOTS=of the cache -DANSWER=tokens of
 * each answer -DLAZY=ticks in which rank 0 does less than it could
 */
#define WORLDS (FAULTS + 1)
#define SEQS 2 /* requests; the second comes at any time */
#define PROMPT(s) (2 - (s)) /* tokens */
#define NONE 255
#define AGREED 7 /* a size that all ranks were started with */
#define FIRST_ROOM_OPS 2
#define MOST_TICKS 64 /* no world takes as many */
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define SIZE(ops, tokens, results) ((ops) * 100 + (tokens) * 10 + (results))

#include "collectives.pml" /* made from src/world/collectives.h */
#include "state.pml"
#include "decide.pml"
#include "rank.pml"
#include "launcher.pml"
