package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// aheadAtFirst is how many requests for each slot a closed loop may begin before it has
// renewed its lease: how fast it is is not known yet.
const aheadAtFirst = 64

// sureOfMissing is how often in a row a server must say that it knows nothing of a
// session: one that has just come up may not know it yet.
const sureOfMissing = 5

// holdLease makes the lease of a run. It fails where the coordinator has given the worker
// up already, or has given up the run.
func (s *session) holdLease(b *begin, ahead uint64) (jetstream.KeyValue, error) {
	ctx, cancel := context.WithTimeout(context.Background(), publishPatience)
	defer cancel()
	leases, err := s.js.KeyValue(ctx, leaseBucket(s.name))
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	key := leaseKey(b.Run, s.index)
	if _, err = leases.Create(ctx, key, leaseOf(ahead)); err == nil {
		return leases, nil
	}
	entry, lookErr := leases.Get(ctx, key)
	if lookErr != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	if revokedIn(entry) != nil {
		return nil, errors.New("it was taken for lost before it began")
	}
	return leases, nil // the answer to an earlier attempt was lost
}

// A lease's key says "held", and up to which of its requests a closed loop may go, or
// "revoked" once others send the share from an instant on, in ns since the measured start.
const (
	heldUpTo    = "held %d"
	revokedFrom = "revoked %d"
)

func leaseOf(ahead uint64) []byte { return fmt.Appendf(nil, heldUpTo, ahead) }

// upToIn is how far a held lease lets a closed loop go; false where it is not held.
func upToIn(entry jetstream.KeyValueEntry) (n uint64, held bool) {
	got, _ := fmt.Sscanf(string(entry.Value()), heldUpTo, &n)
	return n, got == 1
}

// revokedError says that others send what the share has from an instant on, counted from
// the measured start.
type revokedError struct{ from time.Duration }

// Error says so.
func (e *revokedError) Error() string { return fmt.Sprintf("revoked from %s on", e.from) }

// revokedIn is a *revokedError where a lease's entry says so.
func revokedIn(entry jetstream.KeyValueEntry) error {
	var from int64
	if n, _ := fmt.Sscanf(string(entry.Value()), revokedFrom, &from); n == 1 {
		return &revokedError{time.Duration(from)}
	}
	return nil
}

// renew keeps the lease until the last report is in, or the lease is revoked: then the
// run is stopped, and others have the rest of its share.
func (t *task) renew() {
	tick := time.NewTicker(t.lease / renewalsPerLease)
	defer tick.Stop()
	revision, taken, missing := uint64(0), uint64(0), 0
	var gone *revokedError
	for {
		at, now := time.Now(), t.run.Taken()
		ahead := t.ahead(taken, now)
		next, err := t.renewed(revision, ahead)
		revision = next
		if !errors.Is(err, jetstream.ErrBucketNotFound) {
			missing = 0
		}
		switch {
		case err == nil:
			taken = now
			t.run.TakeUntil(at.Add(t.lease))
			if ahead > 0 {
				t.run.TakeUpTo(ahead)
			}
		case errors.As(err, &gone):
			t.session.Tell("it was taken for lost: other workers send the rest of its share")
			t.run.Leave(gone.from)
			t.mu.Lock()
			t.lost = true
			t.mu.Unlock()
			return
		case errors.Is(err, jetstream.ErrBucketNotFound):
			if missing++; missing >= sureOfMissing {
				t.forget()
				return
			}
		}
		select {
		case <-tick.C:
		case <-t.reportedAll:
			return
		case <-t.quit:
			return
		}
	}
}

// ahead is up to which of its requests a closed loop may go until the next renewal, with
// as many to spare as it has begun since the last one; 0 for any.
func (t *task) ahead(before, now uint64) uint64 {
	if t.slots == 0 {
		return 0
	}
	if now == 0 {
		return t.slots * aheadAtFirst
	}
	return max(t.upTo, now+3*(now-before)+4*t.slots)
}

// renewed renews the lease as of the revision, and gives the next; 0 stands for not
// known, as after an answer that was lost.
func (t *task) renewed(revision, ahead uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), min(publishPatience, t.lease/2))
	defer cancel()
	key := leaseKey(t.number, t.session.index)
	if revision == 0 {
		entry, err := t.leases.Get(ctx, key)
		if err != nil {
			// Only this tells a session that was removed from a server that is not there.
			if _, look := t.session.js.KeyValue(ctx, leaseBucket(t.session.name)); errors.Is(look, jetstream.ErrBucketNotFound) {
				return 0, look
			}
			return 0, err
		}
		if err := revokedIn(entry); err != nil {
			return 0, err
		}
		revision = entry.Revision()
		if n, _ := upToIn(entry); n > ahead {
			ahead = n // a renewal whose answer was lost
		}
	}
	next, err := t.leases.Update(ctx, key, leaseOf(ahead), revision)
	if err != nil {
		return 0, err // the next attempt looks what the lease has come to
	}
	t.upTo = ahead
	return next, nil
}
