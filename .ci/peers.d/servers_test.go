package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// benchOf has what servers of the harness need.
func benchOf(t *testing.T) *bench {
	b := &bench{work: t.TempDir()}
	err := writeCertificate(filepath.Join(b.work, "certificate.pem"), filepath.Join(b.work, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asker trusts whoever answers.
func asker(t *testing.T, http2 bool) *http.Client {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: http2,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

func TestStreamsHaveTheirTokensAtTheirPace(t *testing.T) {
	for _, together := range []int{1, 5} {
		server, err := benchOf(t).serveTokens(12, together)
		if err != nil {
			t.Fatal(err)
		}
		defer server.stop()
		ask := asker(t, false)
		for range 2 { // on one connection
			begun := time.Now()
			reply, err := ask.Post(server.url("/", false), "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(reply.Body)
			took := time.Since(begun)
			if err != nil || strings.Count(string(text), `"content":" word"`) != 12 ||
				!strings.HasSuffix(string(text), "data: [DONE]\n\n") {
				t.Errorf("%d together: %v, %q", together, err, text)
			}
			if took < 12*tokenGap {
				t.Errorf("%d together: all tokens within %s", together, took)
			}
		}
		got, _ := server.count(t.Context())
		if got.requests != 2 || got.connections != 1 || got.peak != 1 || got.tokens != 24 {
			t.Errorf("%d together: %+v", together, got)
		}
	}
}

func TestDuplexRepliesComeBeforeTheBodyHasEnded(t *testing.T) {
	b, body := benchOf(t), bytes.Repeat([]byte("x"), 1<<20)
	for _, c := range duplexCases {
		for _, transport := range transports {
			if transport.http2 && !c.http2 {
				continue
			}
			server, err := b.serve(c.handler)
			if err != nil {
				t.Fatal(err)
			}
			// The body ends only once the reply's status is there.
			rest := make(chan struct{})
			sent := io.MultiReader(bytes.NewReader(body[:1000]), gate(rest), bytes.NewReader(body[1000:]))
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url("/", transport.tls), sent)
			if err != nil {
				t.Fatal(err)
			}
			request.ContentLength = int64(len(body))
			reply, err := asker(t, transport.http2).Do(request)
			close(rest)
			if err != nil || reply.StatusCode != c.status {
				t.Errorf("%s, %s: %v, %v", c.name, transport.name, reply, err)
			} else if text, _ := io.ReadAll(reply.Body); c.status == 200 && !bytes.Equal(text, body) {
				t.Errorf("%s, %s: %d bytes came back", c.name, transport.name, len(text))
			} else if c.status == 200 && reply.Close {
				t.Errorf("%s, %s: the reply ends the connection", c.name, transport.name)
			}
			if got, _ := server.count(t.Context()); got.requests != 1 || got.connections != 1 {
				t.Errorf("%s, %s: %+v", c.name, transport.name, got)
			}
			server.stop()
		}
	}
}

// gate is a reader that waits until it is opened, and then has nothing.
type gate chan struct{}

func (g gate) Read([]byte) (int, error) {
	<-g
	return 0, io.EOF
}

func TestWaitingConnectionsAreCounted(t *testing.T) {
	server, err := benchOf(t).serve(wait(100 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer server.stop()
	done := make(chan error, 3)
	for range 3 {
		ask := asker(t, false)
		go func() {
			reply, err := ask.Post(server.url("/", false), "application/json", strings.NewReader("{}"))
			if err == nil {
				_, err = io.ReadAll(reply.Body)
			}
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got, _ := server.count(t.Context()); got.requests != 3 || got.connections != 3 || got.peak != 3 {
		t.Errorf("%+v", got)
	}
}
