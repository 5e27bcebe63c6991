/* Restarts in turn: a key with the holders of a turn, without a lease. Transactions compare its revision; one that timed
   out may be applied later (late[]). A daemon may be killed, or be taken for dead while it is not. */
#ifndef N
#define N 3
#endif
#ifndef AT_ONCE
#define AT_ONCE 2  /* restart_at_once */
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef RESUMES
#define RESUMES 1
#endif
#ifndef LATES
#define LATES 1
#endif

#define LAST (N - 1)
#define NEXT ((i + 1) % N)

/* The key `rollout`. */
bit hold[N], verified[N], failed[N], lost[N], excused[N];
bit halted = 0;
byte revision = 0;
byte holders = 0, verified_count = 0;

bit present[N];   /* the leased record of the member */
bit down[N];      /* the gateway */
bit activating[N];/* disk: an activation has begun and not ended */
bit done[N];      /* disk: it has ended, and the outcome is to be reported */
bit good[N];      /* disk: the outcome */
bit uses_new[N];  /* the gateway runs with the new certificate */
bit gave_up[N];   /* tried often enough */
byte tries[N];
bit held_before[N];  /* had its turn already when the roll-out was halted */
byte late[N];     /* revision+1 of a take whose response was lost, and which may be applied later */
byte downs = 0, dropped = 0, crashes = 0, failures = 0, resumes = 0, lates = 0;

/* The first one is the canary. */
#define limit (verified_count == 0 -> 1 : AT_ONCE)
#define waiting(i) (!uses_new[i] && !activating[i] && !done[i] && !gave_up[i])
/* Who has failed tries again alone. */
#define may_take(i) \
  (!hold[i] && ((!halted && !failed[i] && holders < limit) || (failed[i] && holders == 0 && tries[i] < 3)))
#define any_failed (failed[0] || failed[1] || failed[LAST])
#define any_lost (lost[0] || lost[1] || lost[LAST])

inline check_down() { assert(downs <= AT_ONCE + dropped); assert(verified_count > 0 || downs <= 1 + dropped) }
inline end_halt() { if :: halted && !any_failed && !any_lost -> halted = 0 :: else fi }
inline release(i) { if :: hold[i] -> hold[i] = 0; holders-- :: else fi }
inline remember_holder(i) { if :: hold[i] -> held_before[i] = 1 :: else fi }

active [N] proctype host() {
  byte i = _pid;
  present[i] = 1;
  do
  :: atomic { waiting(i) && present[i] && may_take(i) -> hold[i] = 1; holders++; revision++ }
  /* The same, but the host does not learn how it ended. */
  :: atomic { waiting(i) && present[i] && may_take(i) && late[i] == 0 && lates < LATES ->
       lates++; late[i] = revision + 1 }
  :: atomic { late[i] != 0 ->
       if :: late[i] == revision + 1 -> hold[i] = 1; holders++; revision++ :: else fi;
       late[i] = 0 }
  /* In turn: install and activate; the journal says so first. */
  :: atomic { waiting(i) && hold[i] && present[i] ->
       assert(resumes > 0 || lates > 0 || failed[i] || !any_failed || held_before[i]);
       activating[i] = 1; down[i] = 1; downs++; tries[i]++; check_down() }
  :: atomic { activating[i] && down[i] ->
       down[i] = 0; downs--; uses_new[i] = 1; activating[i] = 0; done[i] = 1; good[i] = 1 }
  /* It did not run, was rolled back, and runs with the previous certificate. */
  :: atomic { activating[i] && down[i] && failures < FAILURES ->
       failures++; down[i] = 0; downs--; activating[i] = 0; done[i] = 1; good[i] = 0;
       if :: tries[i] >= 3 -> gave_up[i] = 1 :: else fi }
  /* Report, once. */
  :: atomic { done[i] && present[i] ->
       done[i] = 0; release(i); lost[i] = 0;
       if
       :: good[i] ->
            if :: !verified[i] -> verified[i] = 1; verified_count++ :: else fi;
            failed[i] = 0; end_halt()
       :: else ->
            failed[i] = 1;
            remember_holder(0); remember_holder(1); remember_holder(LAST);
            if :: !excused[i] -> halted = 1 :: else fi
       fi;
       revision++ }
  /* It has a turn, and no use for it any more. */
  :: atomic { hold[i] && present[i] && !activating[i] && !done[i] && !waiting(i) ->
       hold[i] = 0; holders--; revision++ }
  /* Killed, or taken for dead. */
  :: atomic { crashes < CRASHES && present[i] -> crashes++; present[i] = 0 }
  :: atomic { !present[i] -> present[i] = 1 }
  /* Another one sees that a holder is missing. */
  :: atomic { present[i] && hold[NEXT] && !present[NEXT] && !halted -> halted = 1; lost[NEXT] = 1; revision++ }
  /* It was lost, is back, and had not begun. */
  :: atomic { present[i] && lost[i] && !hold[i] && !activating[i] && !done[i] && resumes == 0 ->
       lost[i] = 0; end_halt(); revision++ }
  :: timeout -> break
  od
}

active proctype operator() {
  byte j = 0;
  do
  :: atomic { halted && resumes < RESUMES ->
       resumes++; halted = 0; j = 0;
       do
       :: j < N ->
            if :: failed[j] -> excused[j] = 1; failed[j] = 0 :: else fi;
            if :: hold[j] && !present[j] -> hold[j] = 0; holders--; dropped++ :: else fi;
            lost[j] = 0; j++
       :: else -> break
       od;
       revision++ }
  :: timeout -> break
  od;
  /* Nothing moves any more. */
  assert(downs == 0);
  assert(holders == 0);
  assert(uses_new[0] || gave_up[0] || halted || failed[0]);
  assert(halted || ((uses_new[0] || gave_up[0] || failed[0]) && (uses_new[1] || gave_up[1] || failed[1]) &&
                    (uses_new[LAST] || gave_up[LAST] || failed[LAST])));
}
