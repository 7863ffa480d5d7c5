//go:build !windows

package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"brunt/attack"
	"brunt/attack/endpoint"
	"brunt/attack/plan"
	"brunt/payloads"
)

// workerVariable makes the test binary a worker; it holds a childOptions.
const workerVariable = "BRUNT_TEST_WORKER"

type childOptions struct {
	URL, Token, Name, Version, Cache string
	Offset                           time.Duration // of its clock

	// Of a coordinator's process: it prepares the order, and starts the run of the plan.
	Coordinator             bool
	User, Password, Session string
	Workers                 int
	Loss                    Loss
	Lease                   time.Duration
	Checkpoints             int // after how many messages one is made; 0 for the usual
	Order                   []byte
	Path                    string
	Plan                    []byte // JSON of a plan.Plan

	NATS *natsOptions // of a server's process; nil for none
}

// hub is the process of another kind that the test binary can be; nil where there is none.
var hub func(text string) int

func TestMain(m *testing.M) {
	if text := os.Getenv(workerVariable); text != "" {
		os.Exit(child(text))
	}
	if text := os.Getenv("BRUNT_TEST_HUB"); text != "" {
		os.Exit(hub(text))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // they wait more than they work
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=10")
	// A publication after the connection's end leaves one of these behind, in the library.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}

// child works as a worker of a test's.
func child(text string) int {
	var o childOptions
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return 2
	}
	if o.NATS != nil {
		return serveNATS(o.NATS)
	}
	if o.Coordinator {
		return coordinate(&o)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	err := Work(ctx, WorkerOptions{
		Access: Access{URL: o.URL, Token: o.Token}, Name: o.Name, Version: o.Version, Cores: 1, Once: true, Cache: o.Cache,
		Clock: func() time.Time { return time.Now().Add(o.Offset) },
		Tell:  func(line string) { fmt.Fprintln(os.Stderr, o.Name+": "+line) },
		Prepare: func(ctx context.Context, body []byte, files map[string]string, credentials Ask, _ func(string)) (*Prepared, error) {
			if text, err := credentials(ctx); err == nil {
				fmt.Fprintf(os.Stderr, "%s: it was handed %d bytes, %x\n", o.Name, len(text), sha256.Sum256(text))
			} else {
				fmt.Fprintf(os.Stderr, "%s: it was handed nothing: %v\n", o.Name, err)
			}
			return prepareTest(ctx, body, files)
		},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, o.Name+":", err)
		return 1
	}
	return 0
}

// coordinate has workers make a run, as a process of its own.
func coordinate(o *childOptions) int {
	c, err := Open(Options{
		Access: Access{URL: o.URL, user: o.User, password: o.Password}, Session: o.Session, Workers: o.Workers, Version: o.Version,
		Loss: o.Loss, Tell: func(line string) { fmt.Fprintln(os.Stderr, line) }, lease: o.Lease, checkpointEvery: o.Checkpoints,
	})
	if err == nil {
		if err = c.Prepare(context.Background(), o.Order, []string{o.Path}, func(string) {}); err == nil {
			var p plan.Plan
			if err = json.Unmarshal(o.Plan, &p); err == nil {
				_, err = c.Start(p)
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "it has begun")
	select {} // it is killed
}

// testOrder is what tests order: bodies from a file, sent to a URL.
type testOrder struct {
	URL, Path string
	Records   bool // each request's end is a line of a file
}

func prepareTest(ctx context.Context, body []byte, files map[string]string) (*Prepared, error) {
	var o testOrder
	if err := json.Unmarshal(body, &o); err != nil {
		return nil, err
	}
	set, err := payloads.Open([]payloads.Spec{{Path: files[o.Path], Weight: 1}}, payloads.Options{})
	if err != nil {
		return nil, err
	}
	target, err := endpoint.Open(ctx, o.URL, endpoint.Options{}, time.Second)
	if err != nil {
		return nil, err
	}
	var sink attack.Sink
	var file *os.File
	if o.Records {
		if file, err = os.CreateTemp("", "records"); err != nil {
			return nil, err
		}
		sink = func(_ time.Time, batch []attack.Record) error {
			_, err := file.WriteString(strings.Repeat("a record\n", len(batch)))
			return err
		}
	}
	prepared := &Prepared{
		Start: func(p plan.Plan) (*attack.Run, error) { return attack.Start(p, attack.Request{}, set, target, sink) },
		Close: func() {
			target.Close()
			_ = set.Close()
			if file != nil {
				_ = os.Remove(file.Name())
			}
		},
	}
	if file != nil {
		prepared.Records = func(bool) (string, error) { return file.Name(), file.Close() }
	}
	return prepared, nil
}
