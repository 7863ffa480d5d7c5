package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"brunt/attack/cause"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/attack/result"
	"brunt/payloads"
	"brunt/payloads/setting"
)

// ErrInterrupted is returned where the context ended before the load began.
var ErrInterrupted = errors.New("interrupted before the load began")

// maxWakeInterval is the longest time between two requests to an endpoint that is
// scaled to zero.
const maxWakeInterval = 2 * time.Second

// Wake waits until an endpoint that was scaled to zero answers. It sends the first
// body, as the plan's load will, again and again until it is answered or the timeout
// has passed (0 stands for the plan's time-out). waiting, which may be nil, is
// called with a line that says what is waited for. Wake returns how long that took,
// and 0 where the endpoint was not scaled to zero. None of these requests is in any
// figure. The error is ErrInterrupted where ctx ended, or an
// *endpoint.UnreachableError.
func Wake(
	ctx context.Context,
	p plan.Plan,
	request Request,
	set *payloads.Set,
	target *endpoint.Endpoint,
	timeout time.Duration,
	waiting func(text string),
) (time.Duration, error) {
	if target.Details == nil || !target.Details.Asleep() {
		return 0, nil
	}
	if timeout == 0 {
		timeout = p.Timeout
	}
	if waiting != nil {
		waiting(
			fmt.Sprintf(
				"waiting for endpoint %s to wake, which is scaled to zero, %s at most",
				target.Name,
				endpoint.Span(timeout),
			),
		)
	}
	one := plan.Plan{
		Concurrency: 1,
		Requests:    1,
		KeepAlive:   p.KeepAlive,
		HTTP2:       p.HTTP2,
		AtEnd:       plan.Cut,
		CatchUp:     plan.CatchUpSend,
		Success:     p.Success,
		Stream:      plan.StreamOff,
	}
	ticker := time.NewTicker(max(min(maxWakeInterval, timeout/100), time.Millisecond))
	defer ticker.Stop()
	began, last := time.Now(), setting.Text{}
	for met := false; ; met = true {
		if one.Timeout = timeout - time.Since(began); one.Timeout <= 0 {
			return 0, &endpoint.UnreachableError{
				Err: setting.Errorf(
					"endpoint %s was scaled to zero and has not woken after %s%s; wait longer with %v 10m",
					target.Name,
					endpoint.Exactly(timeout),
					last,
					setting.WaitReady,
				),
			}
		}
		run, err := Start(one, request, set, target, nil)
		if err != nil {
			return 0, err
		}
		select {
		case <-run.Done():
		case <-ctx.Done():
			run.Stop(plan.Cut)
			<-run.Done()
			return 0, ErrInterrupted
		}
		s := run.Snapshot()
		switch {
		case stillAsleep(s, met):
		case s.Counts.Succeeded > 0, met:
			return time.Since(began), nil
		default: // a refusal at once is no start
			return 0, nil
		}
		if text := lastAnswer(s); !text.Empty() {
			last = text
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return 0, ErrInterrupted
		}
	}
}

// stillAsleep reports whether the one request got a reply, or a failure, of the kind
// that comes while an endpoint has no replica yet. Everything else is the endpoint's
// own answer, or a fault that waiting does not cure: the load is to show it. met
// says that an earlier request got such a reply: from then on a failed connection
// counts too.
func stillAsleep(s *result.Snapshot, met bool) bool {
	if len(s.Failures) == 0 {
		return false
	}
	f := &s.Failures[0]
	if f.Cause == cause.ColdStart {
		return true // it says so itself
	}
	switch f.Status {
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		if met {
			return true
		}
		switch f.Kind {
		case result.KindTimeoutReply,
			result.KindClosedEarly,
			result.KindReset,
			result.KindStaleConnection,
			result.KindResetStream,
			result.KindRefusedStream,
			result.KindGoAway,
			endpoint.TimeoutConnect:
			return true
		}
	}
	return false
}

// lastAnswer is the failure of the one request in words, in brackets.
func lastAnswer(s *result.Snapshot) setting.Text {
	f := &s.Failures[0]
	switch {
	case f.Kind == result.KindTimeoutReply, f.Kind == endpoint.TimeoutConnect:
		return setting.Text{}
	case !f.Message.Empty():
		return setting.Textf(" (%v)", f.Message)
	}
	return setting.Textf(" (%s)", f.Kind)
}
