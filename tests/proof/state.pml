/* What there is, and how it begins. */
/* What rank 0 says of a tick (sched/header.h). A batch has one row here. */
typedef Header {
  byte tick;
  byte n;                        /* tokens that enter; 0 = no batch */
  byte seq, slot, offset, index; /* of the row */
  bit wanted;                    /* a token is to be sampled at its end */
  byte closes, opens;            /* a slot, counted from 1; 0 = none */
  byte opener;
  byte next_ops, next_tokens;    /* the promise for the next exchange */
  bit end
}

/* By tick. A rank reads only what came with exchanges that it has left. */
#define KEPT (N + 2)
#define HEADER(k) headers[(tick + KEPT - (k)) % KEPT] /* of k ticks ago */
Header headers[KEPT];

/* What a rank gives to a collective. */
typedef Packet {
  mtype purpose;
  short size;
  byte tick;
  byte world;  /* that it is of, whatever its seal says */
  byte prefers; /* the exchange that measured fastest there */
  byte kind;   /* the exchange that is used */
  byte on, due; /* rows of the messages to the next rank and from the one before */
  byte states; /* the tick in which the batch entered whose states these are */
  byte result  /* the same for a sampled token */
}

/* Collectives are matched by their order: the k-th of each rank is one. No rank
 * is in the next but one before all have left this one, so two are enough. */
typedef Round {
  Packet from[N];
  byte n_in, n_out
}
Round rounds[2];
#define ROUND rounds[n_met % 2]
#define PACKET ROUND.from[me]

byte faults = FAULTS;   /* that may still come */
byte lazy = LAZY;          /* ticks in which rank 0 may do less than it could */
bit peers_are_told;     /* the back end says when a peer is lost; 0 = it hangs */
byte odd = NONE;        /* a rank whose facts differ */

byte world;             /* the one that runs, from 1 */
byte epoch[WORLDS + 1]; /* of each, as its seals say */
byte n_done, n_lost;    /* ranks that ended, with and without a goodbye */
bit ended[N];           /* by the launcher */
bit launcher_gone, no_more;
byte left_at;           /* the tick after which ranks left; NONE = none has */

/* Requests, as who sent them sees them: they outlive a world. */
bit arrived[SEQS], cancelled[SEQS];
byte told[SEQS];        /* tokens of the answer */

/* Rank 0's books of them (sched/scheduler.h). */
mtype = { waiting, running, over, vacant, held, releasing };
mtype state[SEQS], slots[SLOTS];
byte slot_of[SEQS];
byte entered[SEQS];     /* tokens that went in */
byte n_input[SEQS];     /* tokens that go in before the first comes out */
bit ready[SEQS];        /* a token came home and has not gone in */

/* Of one d_step; and of one atomic step, 0 outside. */
hidden byte i, s, b, n, own;
hidden short size;
byte chosen, n_chosen, seen_epoch, seen_tick, seen_world;

#define IDLE(q) (!arrived[q] || state[q] == over)
#define TO_ENTER(q) \
  (state[q] == running && (entered[q] < n_input[q] || ready[q]))
