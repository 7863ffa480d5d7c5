package endpoint

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"brunt/attack/endpoint/databricks"
	"brunt/payloads"
)

const (
	// minRetryInterval is the least time between two attempts to get a token.
	minRetryInterval = time.Second
	// maxRetryInterval is the most.
	maxRetryInterval = 30 * time.Second
	// steadyRetries is how many attempts are made at the least pace; then it
	// doubles each time.
	steadyRetries = 20
	// maxRenewTimeout is how long one attempt may take, and minRenewTimeout how long it
	// may at least.
	maxRenewTimeout = 30 * time.Second
	minRenewTimeout = 2 * time.Second
	// maxRenewalFailures is how many troubles are kept.
	maxRenewalFailures = 100
	// defaultTokenLife is how long a token is taken to be good that does not say.
	defaultTokenLife = 10 * time.Minute
)

// RenewalFailure is a stretch of time in which the credentials could not be renewed.
type RenewalFailure struct {
	From, To  time.Time // first and last failed attempt
	Failed    int       // attempts
	Reason    string    // of the last one, without secrets
	Recovered time.Time // when an attempt succeeded again; zero while none has
	Expired   time.Time // when the token held ran out meanwhile; zero if it did not
}

// credentials are what requests must carry. They are renewed in the background,
// ahead of their end.
type credentials struct {
	source func(context.Context) (*databricks.Token, error)
	life   context.Context
	end    context.CancelFunc
	done   chan struct{}

	mu       sync.Mutex
	current  *databricks.Token
	watch    func([]payloads.Header)
	renewed  int
	failures []RenewalFailure
}

func newCredentials(first *databricks.Token, source func(context.Context) (*databricks.Token, error)) *credentials {
	c := &credentials{source: source, current: first, done: make(chan struct{})}
	c.life, c.end = context.WithCancel(context.Background())
	if first.Static {
		close(c.done)
	} else {
		go c.renewLoop()
	}
	return c
}

// renewAfter is how long after now a token is to be replaced: at two thirds of
// what is left of its life, or at one third where that is short, so that an
// outage of a few seconds can be sat out.
func renewAfter(left time.Duration) time.Duration {
	if left < time.Minute {
		return max(left/3, 0)
	}
	return left * 2 / 3
}

// renewTimeout is how long an attempt to renew may take while the token in use is
// valid for so long: one without an answer leaves time for another. Without a valid
// token it is a third of the longest, so that a service that does not answer is
// asked again.
func renewTimeout(left time.Duration) time.Duration {
	if left <= 0 {
		return maxRenewTimeout / 3
	}
	return min(max(left/2, minRenewTimeout), maxRenewTimeout)
}

// renewLoop renews the token until the end.
func (c *credentials) renewLoop() {
	defer close(c.done)
	wait, failed := renewAfter(c.left()), 0
	for {
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.life.Done():
			timer.Stop()
			return
		}
		ctx, cancel := context.WithTimeout(c.life, renewTimeout(c.left()))
		t, err := c.source(ctx)
		cancel()
		switch {
		case c.life.Err() != nil:
			return
		case err != nil:
			failed++
			c.addFailure(err)
			wait = minRetryInterval
			if n := failed - steadyRetries; n > 0 {
				wait = min(minRetryInterval<<min(n, 10), maxRetryInterval)
			}
		default:
			failed = 0
			c.renew(t)
			// A source that still gives the same token is asked again after minRetryInterval.
			wait = max(renewAfter(c.left()), minRetryInterval)
		}
	}
}

func (c *credentials) left() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current.Expires.IsZero() {
		return defaultTokenLife
	}
	return time.Until(c.current.Expires)
}

func (c *credentials) renew(t *databricks.Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.failures); n > 0 && c.failures[n-1].Recovered.IsZero() {
		c.failures[n-1].Recovered = time.Now()
	}
	if t.Authorization() == c.current.Authorization() {
		return
	}
	c.current = t
	c.renewed++
	if c.watch != nil {
		c.watch(t.Headers)
	}
}

func (c *credentials) addFailure(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	n := len(c.failures)
	if n == 0 || !c.failures[n-1].Recovered.IsZero() {
		if n == maxRenewalFailures {
			c.failures = append(c.failures[:0], c.failures[1:]...)
		}
		c.failures = append(c.failures, RenewalFailure{From: now})
	}
	last := &c.failures[len(c.failures)-1]
	last.To, last.Reason = now, RedactTokens(err.Error())
	last.Failed++
	if expires := c.current.Expires; !expires.IsZero() && now.After(expires) {
		last.Expired = expires
	}
}

func (c *credentials) close() {
	c.end()
	<-c.done
}

// Authorization is the value of the header that requests must carry now; empty
// where the endpoint has no credentials of its own.
func (e *Endpoint) Authorization() string {
	if e.credentials == nil {
		return ""
	}
	e.credentials.mu.Lock()
	defer e.credentials.mu.Unlock()
	return e.credentials.current.Authorization()
}

// WatchHeaders calls take with the headers that requests must carry, at once
// and whenever they change, until it is called with nil. Calls never overlap,
// and none comes once the nil's has returned. Without credentials it does
// nothing.
func (e *Endpoint) WatchHeaders(take func([]payloads.Header)) {
	if e.credentials == nil {
		return
	}
	c := e.credentials
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watch = take; take != nil {
		take(c.current.Headers)
	}
}

// Renewed is how often the credentials have been renewed so far.
func (e *Endpoint) Renewed() int {
	if e.credentials == nil {
		return 0
	}
	e.credentials.mu.Lock()
	defer e.credentials.mu.Unlock()
	return e.credentials.renewed
}

// RenewalFailures are the times in which the credentials could not be renewed, oldest
// first.
func (e *Endpoint) RenewalFailures() []RenewalFailure {
	if e.credentials == nil {
		return nil
	}
	c := e.credentials
	c.mu.Lock()
	defer c.mu.Unlock()
	list := append([]RenewalFailure(nil), c.failures...)
	if n := len(list); n > 0 && list[n-1].Recovered.IsZero() {
		if expires := c.current.Expires; !expires.IsZero() && time.Now().After(expires) {
			list[n-1].Expired = expires
		}
	}
	return list
}

// Get asks the endpoint's workspace by GET, such as
// /api/2.0/serving-endpoints/NAME/metrics, and returns the answer's body. The
// error is one line without secrets.
func (e *Endpoint) Get(ctx context.Context, path string) ([]byte, error) {
	if e.workspace == nil {
		return nil, errors.New("the target is in no workspace")
	}
	body, err := e.workspace.Get(ctx, path)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return body, err
}
