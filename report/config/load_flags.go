package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"brunt/attack"
	"brunt/attack/arrivals"
	"brunt/attack/endpoint"
	"brunt/attack/expect"
	"brunt/attack/mock"
	"brunt/attack/plan"
	"brunt/payloads"
	"brunt/payloads/setting"
)

// Load are the flags that say how much is sent, for how long, and what counts.
type Load struct {
	Rate        Rate         `short:"r" placeholder:"N[/s|/m]" help:"Constant rate: requests per second (500, 0.5) or minute (90/m)."`
	Concurrency *int         `short:"c" min:"1" placeholder:"N" help:"Constant number of requests in flight; with --rate, the most in flight (default 10,000)."`
	Duration    Duration     `short:"d" min:"1" placeholder:"30s" help:"How long to send for."`
	Stages      Stages       `placeholder:"'30s@100, 1m@100..1000'" help:"Loads one after the other, each for its time: @100 is a rate, @100..1000 goes from one to the other, @x8 and @x8..x64 are of requests in flight."`
	Arrivals    arrivals.Law `default:"constant" placeholder:"LAW" help:"Gaps between the requests of a rate: constant, poisson, or gamma(S) of shape S (1 is poisson, less is burstier), drawn from --seed."`
	Requests    *uint64      `short:"n" min:"1" placeholder:"N" help:"How many requests to send; with --duration, whichever comes first."`
	Warmup      Warmup       `placeholder:"10s" help:"Send for this long before anything is counted; auto: until latency has settled, 2 min at most."`
	AtEnd       plan.AtEnd   `default:"drain" enum:"drain,cut" help:"Requests in flight at the end: drain (wait for replies) or cut."`
	Recorded    bool         `help:"In conversations, later turns repeat the replies that the file has, not those received."`
	CatchUp     plan.CatchUp `default:"send" enum:"send,skip" help:"Requests over 10 ms overdue: send late, or skip (counted as not sent)."`

	Exchange `embed:""`
}

// Exchange are the flags that say how each request is sent, and what counts.
type Exchange struct {
	Timeout     Duration       `min:"1" placeholder:"60s" help:"Give a request up after this long (60s; a stream that has begun to answer has 1h)."`
	Success     plan.StatusSet `default:"200-299" placeholder:"SET" help:"Statuses that count as succeeded (${default})."`
	SuccessBody Pattern        `placeholder:"REGEX" help:"A success is one whose body (its first 256 KiB) matches, besides its status; RE2."`
	FailBody    Pattern        `placeholder:"REGEX" help:"A success by its status whose body matches has failed."`

	ExpectBody   Pattern          `placeholder:"REGEX" help:"The same as --success-body."`
	ExpectHeader []ExpectedHeader `sep:"none" pair:": " placeholder:"'NAME: REGEX'" help:"A success has this header, with a value that matches; NAME alone for any. Repeatable."`
	ExpectJSON   []JQ             `name:"expect-json" env:"BRUNT_EXPECT_JSON" sep:"none" placeholder:"JQ" help:"A success is one whose JSON (1 MiB at most) this jq query finds true, as '.predictions|length==1'. Repeatable."`
	ExpectEvery  int              `default:"1" min:"1" placeholder:"N" help:"Look at one reply in N for --expect-header and --expect-json (${default}: at all); the report says how many that were."`

	Connections int             `placeholder:"N" help:"Most connections (one per request in flight); with --http2, how many share the requests (one per 100)."`
	ConnectRate int             `placeholder:"N" help:"Open at most this many connections per second (the first ones of a constant concurrency 1,000, all others as they are needed)."`
	HTTP2       bool            `name:"http2" env:"BRUNT_HTTP2" help:"Speak HTTP/2, over TLS or known beforehand (h2c)."`
	Poller      plan.Poller     `default:"auto" enum:"auto,epoll,io_uring,goroutines" help:"What tells of connections on this machine: auto (epoll on Linux, else goroutines), epoll, io_uring (Linux 6.1; not with --http2) or goroutines. One that is not to be had is replaced; the report names it."`
	Stream      plan.StreamMode `default:"auto" enum:"auto,on,off" help:"Follow replies as streams of tokens: auto (server-sent events, lines of JSON), on (all) or off."`
	StreamStall Duration        `default:"60s" help:"Give a stream up that says nothing for this long after its first output (${default}); before that, --timeout holds."`
	Keepalive   bool            `default:"true" negatable:"" help:"Keep connections open between requests (on)."`
}

// checks are what is expected of replies besides their bodies; nil for nothing.
func (e *Exchange) checks() *expect.Checks {
	if len(e.ExpectHeader)+len(e.ExpectJSON) == 0 {
		return nil
	}
	c := &expect.Checks{Every: uint64(max(1, e.ExpectEvery))}
	for _, h := range e.ExpectHeader {
		c.Headers = append(c.Headers, h.Header)
	}
	for _, q := range e.ExpectJSON {
		c.Queries = append(c.Queries, q.Query)
	}
	return c
}

// The time-outs of a request where none is given. A reply of a language model that is
// streamed may take minutes, and that it is still coming shows; none is longer than the
// histograms can hold.
const (
	DefaultTimeout       = 60 * time.Second
	DefaultStreamTimeout = time.Hour
)

// Plan is the plan that the flags ask for, not yet validated.
func (l *Load) Plan() plan.Plan {
	p := plan.Plan{
		Rate: l.Rate.Rate, Duration: time.Duration(l.Duration), Warmup: time.Duration(l.Warmup.Length), WarmupUntilSettled: l.Warmup.Auto,
		Timeout: cmp.Or(time.Duration(l.Timeout), DefaultTimeout), KeepAlive: l.Keepalive, AtEnd: l.AtEnd,
		CatchUp: l.CatchUp, Success: l.Success, HTTP2: l.HTTP2, Connections: l.Connections, ConnectRate: l.ConnectRate,
		Poller: l.Poller, Stream: l.Stream, StreamStall: time.Duration(l.StreamStall), Law: l.Arrivals, RecordedReplies: l.Recorded,
		SuccessBody: l.SuccessBody.Regexp, FailBody: l.FailBody.Regexp,
		StreamTimeout: cmp.Or(time.Duration(l.Timeout), DefaultStreamTimeout),
	}
	if l.ExpectBody.Regexp != nil {
		p.SuccessBody = l.ExpectBody.Regexp
	}
	p.Expect = l.checks()
	if l.Concurrency != nil {
		p.Concurrency = *l.Concurrency
	}
	if l.Requests != nil {
		p.Requests = *l.Requests
	}
	if len(l.Stages) > 0 {
		p.SetStages(l.Stages)
	}
	return p
}

// Check reports flags that say a thing twice, or of what is not there.
func (l *Load) Check() error {
	switch {
	case l.ExpectBody.Regexp != nil && l.SuccessBody.Regexp != nil:
		return errors.New("--expect-body and --success-body are the same; leave one out")
	case l.ExpectEvery > 1 && l.checks() == nil:
		return errors.New("--expect-every: it is for --expect-header and --expect-json, which are not there; leave it out")
	}
	if len(l.Stages) == 0 {
		return nil
	}
	both := func(other setting.Field, given bool) error {
		if !given {
			return nil
		}
		return &setting.FieldError{Field: setting.Stages, Subject: setting.Textf("%v and %v", setting.Stages, other),
			Reason: setting.Plain("stages say how much is sent and for how long; leave one of the two out")}
	}
	return cmp.Or(both(setting.Rate, l.Rate.Freq > 0), both(setting.Duration, l.Duration > 0),
		both(setting.Concurrency, l.Concurrency != nil && !l.Stages[0].Open()))
}

// Payloads are the flags that say what is sent.
type Payloads struct {
	Payloads      []string        `short:"p" sep:"none" pair:":" predictor:"file" placeholder:"FILE[:WEIGHT]" help:"JSONL file of request bodies, repeatable; - is standard input; .gz and .zst are read as they are; a .json file is one body."`
	PayloadFormat payloads.Format `default:"auto" enum:"auto,body,request,inference" help:"body: each line is sent as it stands; request: each line says what is sent where (brunt help requests); inference: the column request of an inference table's export (.jsonl or .csv) is sent, line ends within a body as blanks; auto: inference where the first row has such columns, else body."`
	Order         payloads.Order  `default:"sequential" enum:"sequential,shuffle,random" help:"Order of the bodies: sequential, shuffle or random."`
	Seed          uint64          `default:"1" help:"Seed of shuffle and random (${default})."`
	Unique        bool            `help:"Begin the text of each body (first user message, prompt or input) with a word of its own, so that no prompt cache has met it."`
	Replay        bool            `help:"Send the requests of an inference table's export, or of a trace, when they came, each once."`
	Speed         Speed           `default:"1x" placeholder:"2x" help:"How much faster than it came --replay sends (${default})."`

	ClientRequestID bool `name:"client-request-id" env:"BRUNT_CLIENT_REQUEST_ID" help:"Put a client_request_id of run and number into each body, by which inference tables can be joined with the report."`

	Bodies `embed:""`

	// Elsewhere is the machine where the flags were given, on a worker.
	Elsewhere *payloads.Elsewhere `kong:"-"`
}

// Open opens the payload files; without any, a body is sent to the embedded
// endpoint only.
func (p *Payloads) Open(stdin io.Reader, embedded bool) (*payloads.Set, error) {
	o := payloads.Options{
		Format:          p.PayloadFormat,
		Order:           p.Order,
		Seed:            p.Seed,
		Stdin:           stdin,
		Unique:          p.Unique,
		ClientRequestID: p.ClientRequestID,
		Coding:          p.coding,
		Elsewhere:       p.Elsewhere,
	}
	switch {
	case p.Replay && len(p.Payloads) == 0:
		return nil, fmt.Errorf("--replay: name the table to replay with --payloads")
	case p.Replay && p.Order != payloads.Sequential:
		return nil, fmt.Errorf(
			"--replay with --order %s: requests come in the order of the record; leave one out",
			p.Order,
		)
	case !p.Replay && p.Speed > 0 && p.Speed != 1:
		return nil, fmt.Errorf(
			"--speed %gx: it is for --replay, which is not there; add that, or leave --speed out",
			float64(p.Speed),
		)
	case p.Replay:
		o.Order = payloads.Recorded
	}
	if p.Body != "" || p.Targets != "" {
		return p.openOne(o)
	}
	if len(p.Payloads) == 0 {
		if embedded {
			return payloads.SingleSpliced("built-in example", []byte(mock.ExampleBody), o)
		}
		return payloads.SingleSpliced("", nil, o)
	}
	specs, err := payloads.ParseSpecs(p.Payloads)
	if err != nil {
		return nil, err
	}
	return payloads.Open(specs, o)
}

// Target are the flags that say how the endpoint is spoken to.
type Target struct {
	Method     string   `short:"m" placeholder:"POST" help:"HTTP method (POST with a body, else GET)."`
	Header     []string `short:"H" sep:"none" pair:": " placeholder:"'NAME: VALUE'" help:"Header, repeatable; a VALUE of @FILE or env:NAME keeps a secret off the command line; 'NAME:' sends none of that name."`
	HeaderFile []string `sep:"none" predictor:"file" placeholder:"FILE" help:"File of headers, one 'Name: value' per line."`
	User       string   `short:"u" placeholder:"NAME:PASS" help:"Send Authorization: Basic; @FILE or env:NAME for PASS, or for all of it, keep it off the command line."`
	Template   bool     `help:"Put a value of each request's own in place of {{uuid}}, {{seq}} and {{now}} in headers and paths: an idempotency key, say. Without this nothing is replaced."`
	AnyTarget  bool     `help:"Send lines whose url names another host than TARGET's there; headers of -H and --user go with them, credentials of a workspace do not."`

	TLS     `embed:""`
	Connect `embed:""`

	Profile     string   `placeholder:"NAME" help:"Profile of ~/.databrickscfg to find the workspace and credentials in (the environment's, or DEFAULT)."`
	Auth        string   `default:"auto" enum:"auto,none" help:"auto: send the configured Databricks credentials, to their own workspace only; none: never."`
	ServedModel string   `placeholder:"NAME" help:"Ask only this served entity of the endpoint, past the traffic split."`
	WaitReady   Duration `placeholder:"10m" help:"Wait this long for an endpoint given by name to be ready, and for one that is scaled to zero to wake (--timeout)."`

	// HandedBy asks a worker's coordinator for the credentials; nil where they are this
	// machine's own.
	HandedBy func(ctx context.Context) (endpoint.Handed, error) `kong:"-"`
}

// Request is what the flags put into every request.
func (t *Target) Request(userAgent string) (attack.Request, error) {
	headers, err := endpoint.Headers(t.Header, t.HeaderFile)
	if err != nil {
		return attack.Request{}, err
	}
	if t.User != "" {
		if slices.ContainsFunc(headers, isAuthorization) {
			return attack.Request{}, setting.Errorf("%v and the header Authorization say the same; leave one of the two out", setting.User)
		}
		h, err := endpoint.BasicAuth(t.User)
		if err != nil {
			return attack.Request{}, err
		}
		headers = append(headers, h)
	}
	r := attack.Request{Method: t.Method, Headers: headers, UserAgent: userAgent, Template: t.Template}
	return r, r.Validate()
}

func isAuthorization(h payloads.Header) bool { return strings.EqualFold(h.Name, "Authorization") }

// Open opens the endpoint that word names, for requests of the kind that
// Request gave; waiting, which may be nil, is called with what is waited for.
func (t *Target) Open(
	ctx context.Context,
	word string,
	request *attack.Request,
	timeout time.Duration,
	waiting func(text string),
) (*endpoint.Endpoint, error) {
	o := t.Options(request)
	o.Waiting = waiting
	return endpoint.Open(ctx, word, o, timeout)
}

// OpenOthers readies the hosts, besides the target's own, that lines of bodies name in
// absolute URLs. The error is about the first line that names one where that is not
// allowed.
func (t *Target) OpenOthers(ctx context.Context, e *endpoint.Endpoint, set *payloads.Set, request *attack.Request, timeout time.Duration) error {
	var origins []string
	for i, v := range set.Variants() {
		switch {
		case v.Origin == "" || slices.Contains(origins, v.Origin):
			continue
		case !t.AnyTarget && !e.Owns(v.Origin):
			return setting.Errorf("%s: %s is not the target's host (%s); %v sends requests to all hosts that lines name",
				set.FirstOf(i), endpoint.RedactTarget(v.Origin), e.Target.Host, setting.AnyTarget)
		}
		origins = append(origins, v.Origin)
	}
	return e.OpenOthers(ctx, origins, t.Options(request), timeout)
}

// Options are the flags' for requests of the kind that Request gave.
func (t *Target) Options(request *attack.Request) endpoint.Options {
	own := slices.ContainsFunc(request.Headers, isAuthorization)
	return endpoint.Options{
		Insecure: t.Insecure, CAFile: t.CA, CertFile: t.Cert, KeyFile: t.Key, KeyPass: t.KeyPass,
		TLSMin: t.TLSMin, TLSMax: t.TLSMax, ServerName: t.ServerName, Resume: t.TLSResume,
		Resolve: t.Resolve, ConnectTo: t.ConnectTo, LocalAddr: t.LocalAddr, Proxy: t.Proxy, DNSTTL: time.Duration(t.DNSTTL), Profile: t.Profile, NoAuth: t.Auth == "none", OwnAuth: own,
		ServedModel: t.ServedModel, WaitReady: time.Duration(t.WaitReady), Handed: t.HandedBy,
	}
}
