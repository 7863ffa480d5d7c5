package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/setting"
	"brunt/payloads"
)

// ErrInterrupted is the end of what was being readied for a load that had not
// begun.
var ErrInterrupted = errors.New("interrupted before the load began")

// mostWakePace is the longest time between two requests to an endpoint that is
// still asleep.
const mostWakePace = 2 * time.Second

// Wake waits until an endpoint that was scaled to zero answers, by sending it
// the first body, as the plan's load will, until it does; for as long as most
// at the most, which is the plan's time-out where it is 0. waiting, which may be
// nil, is told so. It returns how long that took, 0 where there was no start to
// wait for. Nothing of it is in any figure. The error is ErrInterrupted where ctx
// ended, or an *endpoint.UnreachableError.
func Wake(ctx context.Context, plan Plan, request Request, set *payloads.Set, target *endpoint.Endpoint, most time.Duration, waiting func(text string)) (time.Duration, error) {
	if target.Details == nil || !target.Details.Asleep() {
		return 0, nil
	}
	if most == 0 {
		most = plan.Timeout
	}
	if waiting != nil {
		waiting(fmt.Sprintf("waiting for endpoint %s to wake, which is scaled to zero, %s at most", target.Name, endpoint.Span(most)))
	}
	one := Plan{Concurrency: 1, Requests: 1, KeepAlive: plan.KeepAlive, HTTP2: plan.HTTP2, AtEnd: Cut, CatchUp: CatchUpSend,
		Success: plan.Success, Stream: StreamOff}
	pace := time.NewTicker(max(min(mostWakePace, most/100), time.Millisecond))
	defer pace.Stop()
	began, last := time.Now(), setting.Text{}
	for met := false; ; met = true {
		if one.Timeout = most - time.Since(began); one.Timeout <= 0 {
			return 0, &endpoint.UnreachableError{Err: setting.Errorf("endpoint %s was scaled to zero and has not woken after %s%s; wait longer with %v 10m", target.Name, endpoint.Exactly(most), last, setting.WaitReady)}
		}
		run, err := Start(one, request, set, target, nil)
		if err != nil {
			return 0, err
		}
		select {
		case <-run.Done():
		case <-ctx.Done():
			run.Stop(Cut)
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
		case <-pace.C:
		case <-ctx.Done():
			return 0, ErrInterrupted
		}
	}
}

// stillAsleep reports whether the one request met what stands before an
// endpoint that has no replica yet. All else is the endpoint's own answer, or a
// fault that waiting does not mend: the load is to show it. Once that was met,
// no failed connection is an end of it.
func stillAsleep(s *Snapshot, met bool) bool {
	if len(s.Failures) == 0 {
		return false
	}
	f := &s.Failures[0]
	if f.Cause == CauseColdStart {
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
		case KindTimeoutReply, KindClosedEarly, KindReset, KindStaleConnection, KindResetStream, KindRefusedStream, KindGoAway, endpoint.TimeoutConnect:
			return true
		}
	}
	return false
}

// lastAnswer is the failure of the one request in words, to stand in brackets.
func lastAnswer(s *Snapshot) setting.Text {
	f := &s.Failures[0]
	switch {
	case f.Kind == KindTimeoutReply, f.Kind == endpoint.TimeoutConnect:
		return setting.Text{}
	case !f.Message.Empty():
		return setting.Textf(" (%v)", f.Message)
	}
	return setting.Textf(" (%s)", f.Kind)
}
