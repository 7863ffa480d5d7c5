//go:build !windows

package cluster

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// TestWorkerBeforeItsServer: a worker that is started first waits for the server, and one
// that waits for none says at once that there is none.
func TestWorkerBeforeItsServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	lines := make(chan string, 16)
	o := WorkerOptions{
		Access: Access{URL: "nats://" + address, Token: "token"}, Name: "early", Version: "test", Tell: func(line string) { lines <- line },
	}
	if err := Work(t.Context(), o); err == nil || !strings.Contains(err.Error(), "no NATS server answers there") {
		t.Fatalf("without waiting: %v", err)
	}
	o.Wait = time.Minute
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Work(ctx, o) }()
	if line := <-lines; !strings.Contains(line, "no NATS server answers there yet") {
		t.Errorf("it says %q", line)
	}
	server, err := StartServer(ServerOptions{Listen: address, Session: NewSession(), Token: "token"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if line := <-lines; !strings.Contains(line, "waiting for a coordinator") {
		t.Errorf("then it says %q", line)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
