package endpoint

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// deadRetryInterval is how long an address that could not be connected to is passed
	// over while others answer; then it is tried in the background.
	deadRetryInterval = 5 * time.Second
	// timeout is how long an address may leave a connection unanswered while
	// there are others: long enough for a first packet that was lost, which
	// systems repeat after a second.
	connectTimeout = 1500 * time.Millisecond
	// unansweredTimeout is how long it may before no more connections are begun to it while
	// others answer.
	unansweredTimeout = 250 * time.Millisecond
	// minAttempt is a time too short for silence to say anything of an address.
	minAttempt = 20 * time.Millisecond
)

// Address is one that a target's name has, or has had.
type Address struct {
	hostPort string
	gone     atomic.Bool  // the name has it no longer
	dead     atomic.Int64 // unix ns until which it is passed over; 0 while it answers
	used     atomic.Bool  // there was a connection to it

	mu              sync.Mutex
	answered        int                   // attempts that came to an end by an answer
	unansweredSince time.Time             // since when attempts are under way and none was answered
	attempts        map[*attempt]struct{} // under way
}

// Gone reports whether the target's name has other addresses by now.
func (a *Address) Gone() bool { return a.gone.Load() }

// attempt is one connection on its way.
type attempt struct {
	cancel   context.CancelFunc
	began    time.Time
	answered int  // the address's count then
	others   bool // there is another address to go to when this one is given up
}

// begin notes an attempt. Where there are others its context ends after the
// most that it may take, and when the address is found dead.
func (a *Address) begin(ctx context.Context, timeout time.Duration, others bool) (context.Context, *attempt) {
	cancel := context.CancelFunc(func() {})
	if others {
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t := &attempt{cancel: cancel, began: time.Now(), answered: a.answered, others: others}
	if a.attempts == nil {
		a.attempts = map[*attempt]struct{}{}
	}
	if len(a.attempts) == 0 {
		a.unansweredSince = t.began
	}
	a.attempts[t] = struct{}{}
	return ctx, t
}

// end ends an attempt and reports whether it showed the address to be dead:
// it refused, or answered no attempt for as long as this one took.
func (a *Address) end(t *attempt, err error) (dead bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t.cancel()
	delete(a.attempts, t)
	switch {
	case err == nil:
		a.answer()
		return false
	case local(err), errors.Is(err, context.Canceled):
		return false
	case !Timeout(err):
		a.answer()
		return true
	case a.answered > t.answered, time.Since(t.began) < minAttempt:
		return false
	}
	for other := range a.attempts {
		if other.others {
			other.cancel()
		}
	}
	return true
}

func (a *Address) answer() {
	a.answered++
	a.unansweredSince = time.Now()
}

// connected notes a request's connection. What all cores read is written only
// where it changes.
func (a *Address) connected() {
	if a.dead.Load() != 0 {
		a.dead.Store(0)
	}
	if !a.used.Load() {
		a.used.Store(true)
	}
}

// suspect reports whether the address leaves attempts unanswered.
func (a *Address) suspect(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.attempts) > 0 && now.Sub(a.unansweredSince) > unansweredTimeout
}

func (d *Dialer) connect(ctx context.Context) (net.Conn, *Address, error) {
	list, alive := d.live()
	if len(list) == 0 {
		return nil, nil, &net.DNSError{Err: "no addresses", Name: d.way.host, IsNotFound: true}
	}
	var failure error
	for i, a := range list {
		c, err := d.try(ctx, a, max(alive-i, 1))
		if err == nil {
			return c, a, nil
		}
		failure = err
		if ctx.Err() != nil || local(err) {
			break
		}
	}
	return nil, nil, failure
}

// try gives an address its share of the time left, so that one that never
// answers does not use up the others' time. The last has all of it.
func (d *Dialer) try(ctx context.Context, a *Address, left int) (net.Conn, error) {
	timeout := connectTimeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)/time.Duration(left))
	}
	own, t := a.begin(ctx, timeout, left > 1)
	c, err := d.dialTo(own, a.hostPort)
	switch {
	case a.end(t, err):
		a.dead.Store(time.Now().Add(deadRetryInterval).UnixNano())
		d.resolveAgain(time.Second)
	case err == nil:
		a.connected()
	}
	return c, err
}

// live lists the addresses in the order in which to try them: those that answer,
// beginning with another one at each call, those with attempts unanswered just now,
// and the dead. alive is how many are not dead, or how many there are where all are.
// It also starts what is due: attempts at dead addresses, and a look-up of the name.
func (d *Dialer) live() (list []*Address, alive int) {
	now := time.Now()
	d.mu.RLock()
	addresses := d.addresses
	d.mu.RUnlock()
	if len(addresses) == 1 {
		return addresses, 1
	}
	var doubtful, dead []*Address
	for _, a := range addresses {
		switch {
		case a.dead.Load() != 0:
			dead = append(dead, a)
		case a.suspect(now):
			doubtful = append(doubtful, a)
		default:
			list = append(list, a)
		}
	}
	alive = len(list) + len(doubtful)
	if len(dead) > 0 {
		d.resolveAgain(deadRetryInterval)
	}
	switch {
	case alive == 0:
		list, dead, alive = dead, nil, len(dead)
	case len(list) == 0:
		list, doubtful = doubtful, nil
	}
	if alive > 0 {
		d.probe(dead, now)
		first := int((d.next.Add(1) - 1) % uint32(len(list)))
		list = slices.Concat(list[first:], list[:first], doubtful, dead)
	}
	return list, alive
}

// probe tries the dead addresses whose retry is due, in the background. The
// connection is closed at once: kept, it might be stale before a request uses it.
func (d *Dialer) probe(dead []*Address, now time.Time) {
	for _, a := range dead {
		until := a.dead.Load()
		if until == 0 || until > now.UnixNano() ||
			!a.dead.CompareAndSwap(until, now.Add(deadRetryInterval).UnixNano()) {
			continue
		}
		d.background(func(ctx context.Context) {
			ctx, cancel := context.WithTimeout(ctx, connectTimeout)
			defer cancel()
			if c, err := d.dialTo(ctx, a.hostPort); err == nil {
				c.Close()
				a.dead.Store(0)
			}
		})
	}
}

// background does some work that no request waits for, until Close.
func (d *Dialer) background(work func(ctx context.Context)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.group.Go(func() { work(d.life) })
	}
}

// Close ends what goes on in the background. Connections stay open.
func (d *Dialer) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.end()
	d.group.Wait()
}

// local reports whether an error is a shortage of this machine, for which trying
// another address does not help.
func local(err error) bool {
	return errors.Is(err, errNoPorts) || errors.Is(err, errNoFiles) || errors.Is(err, errNoFilesSystem)
}
