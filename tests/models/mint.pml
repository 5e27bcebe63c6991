/* One certificate, N hosts: who may request one, and which is published. Time is left out: a takeover may come at any
   moment after a claim, so that safety rests on no duration. Transactions are atomic; one that timed out may be applied
   later (late[]), and compares the revision that it was sent with. */
#ifndef N
#define N 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef TAKEOVERS
#define TAKEOVERS 1
#endif
#ifndef LOSSES
#define LOSSES 1
#endif

byte owner = 0;     /* the key `renewal`: 0 is idle, i+1 is the claim of i */
byte revision = 0;  /* of that key */
byte published = 0; /* the certificate; the cloud numbers what it issues */
byte issued = 0, posts = 0, newest = 0;
byte crashes = 0, takeovers = 0, losses = 0;
byte inflight[N];   /* POSTs on their way to the cloud */
byte answer[N];     /* disk: the stored answer */
bit  requested[N];  /* disk: the journal says so */
byte installed[N];  /* disk */
bit  claimed[N];    /* memory: the claim is confirmed, the POST not sent */
bit  waiting[N];    /* memory: the POST is sent, the response awaited */
byte late[N];       /* revision+1 of a claim whose response was lost, and which may be applied later */

#define idle(i) (answer[i] == 0 && !claimed[i] && !waiting[i])
#define due(i)  (installed[i] == 0 && published == 0)

inline claim(i) { owner = i + 1; revision++; claimed[i] = 1 }
inline end_claim(i) { if :: owner == i + 1 -> owner = 0; revision++ :: else fi }

active [N] proctype host() {
  byte i = _pid;
  do
  :: atomic { idle(i) && due(i) && owner == 0 -> claim(i) }
  /* The same, but the host does not learn how it ended. */
  :: atomic { idle(i) && due(i) && owner == 0 && late[i] == 0 && losses < LOSSES ->
       losses++; late[i] = revision + 1 }
  :: atomic { late[i] != 0 ->
       if :: late[i] == revision + 1 && owner == 0 && published == 0 -> owner = i + 1; revision++ :: else fi;
       late[i] = 0 }
  /* A claim of its own, and nothing under way: it did not know of it, or has crashed since. */
  :: atomic { owner == i + 1 && idle(i) -> requested[i] = 0; owner = 0; revision++ }
  /* Another's claim has stood still for too long. */
  :: atomic { owner != 0 && owner != i + 1 && idle(i) && due(i) && takeovers < TAKEOVERS -> takeovers++; claim(i) }
  /* Anything may have happened between the claim and the POST. */
  :: atomic { claimed[i] && inflight[i] == 0 ->
       claimed[i] = 0; requested[i] = 1; waiting[i] = 1; inflight[i]++; posts++ }
  /* The request failed, or timed out. */
  :: atomic { waiting[i] && losses < LOSSES -> losses++; waiting[i] = 0; requested[i] = 0; end_claim(i) }
  /* Publish: the newest wins. It compares the revisions of all keys, hence atomic. */
  :: atomic { answer[i] > published ->
       assert(answer[i] > published);
       published = answer[i]; installed[i] = answer[i]; answer[i] = 0;
       if :: owner != 0 -> owner = 0; revision++ :: else fi }
  /* An answer that is not later is set aside. */
  :: atomic { answer[i] != 0 && answer[i] <= published -> answer[i] = 0; end_claim(i) }
  /* Follow. */
  :: atomic { published > installed[i] && answer[i] == 0 -> installed[i] = published }
  :: atomic { claimed[i] && published > 0 -> claimed[i] = 0; end_claim(i) }
  /* A crash, and a restart. */
  :: atomic { crashes < CRASHES && (claimed[i] || waiting[i] || answer[i] != 0) ->
       crashes++; claimed[i] = 0; waiting[i] = 0 }
  :: timeout -> break
  od
}

active proctype cloud() {
  byte i;
  do
  :: atomic { inflight[0] > 0 -> i = 0; goto issue }
  :: atomic { N > 1 && inflight[1] > 0 -> i = 1; goto issue }
  :: atomic { N > 2 && inflight[N - 1] > 0 -> i = N - 1; goto issue }
  :: timeout -> break
issue:
     atomic {
       inflight[i]--; issued++;
       if
       /* The answer is stored before anything else. */
       :: waiting[i] -> waiting[i] = 0; answer[i] = issued; if :: newest < issued -> newest = issued :: else fi
       :: !waiting[i] -> skip  /* nobody waits for it any more */
       fi
     }
  od;
  /* Nothing moves any more: everybody has the newest certificate that anybody stored, and each POST has a reason. */
  assert(published == newest);
  assert(installed[0] == published);
  assert(installed[1] == published);
  assert(installed[N - 1] == published);
  assert(published > 0);
  assert(owner == 0);
  assert(posts <= 1 + takeovers + crashes + losses);
}
