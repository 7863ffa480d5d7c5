//go:build !race

package job_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestPlainURLTouchesNothing runs brunt against plain URLs: it sends its plan
// and nothing else, asks no metadata service, and does not open the
// configuration file, which would never end.
func TestPlainURLTouchesNothing(t *testing.T) {
	h := newHygiene(t)
	h.binary = built(t)
	if err := syscall.Mkfifo(h.path(".databrickscfg"), 0o600); err != nil {
		t.Fatal(err)
	}
	var asked, sent atomic.Int64
	metadata := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer metadata.Close()
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		if r.Header.Get("Authorization") != "" || r.URL.Path != "/serving-endpoints/x/invocations" && r.URL.Path != "/" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
	})
	plain, secure := httptest.NewServer(count), httptest.NewTLSServer(count)
	defer plain.Close()
	defer secure.Close()
	for _, c := range []struct {
		url  string
		more []string
	}{
		{plain.URL + "/", []string{"DATABRICKS_METADATA_SERVICE_URL=" + metadata.URL}},
		{secure.URL + "/", []string{"DATABRICKS_METADATA_SERVICE_URL=" + metadata.URL}},
		{secure.URL + "/serving-endpoints/x/invocations", []string{"DATABRICKS_METADATA_SERVICE_URL=" + metadata.URL, "DATABRICKS_TOKEN=" + canaryPAT}},
		{secure.URL + "/serving-endpoints/x/invocations", []string{"DATABRICKS_METADATA_SERVICE_URL=" + metadata.URL, "DATABRICKS_HOST=" + h.w.Host(), "DATABRICKS_TOKEN=" + canaryPAT}},
		{plain.URL + "/serving-endpoints/x/invocations", []string{"DATABRICKS_HOST=" + plain.URL, "DATABRICKS_TOKEN=" + canaryPAT}},
	} {
		sent.Store(0)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		cmd := exec.CommandContext(ctx, h.binary, "attack", c.url, "-k", "-p", "bodies.jsonl", "-c", "2", "-n", "7")
		cmd.Dir, cmd.Env = h.dir, append(c.more, "HOME="+h.dir)
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil || sent.Load() != 7 {
			t.Errorf("%s with %q: %v, %d requests: %.800s", c.url, c.more, err, sent.Load(), out)
		}
	}
	if s := h.w.Stats(); asked.Load() > 0 || s.LookUps+s.Discoveries+s.TokenRequests+s.Invocations+s.Exports > 0 {
		t.Errorf("the metadata service was asked %d times, the workspace %+v", asked.Load(), s)
	}
}

// TestProxyLearnsNothing has questions to the workspace go through a proxy of
// the environment: it is told where to connect to, and nothing more. Nor is its
// own password told when it fails.
func TestProxyLearnsNothing(t *testing.T) {
	h := newHygiene(t)
	h.binary = built(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var mu sync.Mutex
	var heard bytes.Buffer
	var broken atomic.Bool
	workspaceAt := strings.TrimPrefix(h.w.Host(), "https://")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				in := bufio.NewReader(c)
				r, err := http.ReadRequest(in)
				if err != nil {
					return
				}
				mu.Lock()
				fmt.Fprintf(&heard, "%s %s %v\n", r.Method, r.RequestURI, r.Header)
				mu.Unlock()
				if broken.Load() || r.Method != http.MethodConnect {
					fmt.Fprintf(c, "HTTP/1.1 407 %s\r\nContent-Length: 0\r\n\r\n", r.Header.Get("Proxy-Authorization"))
					return
				}
				to, err := net.Dial("tcp", workspaceAt)
				if err != nil {
					return
				}
				defer to.Close()
				io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
				go io.Copy(to, io.TeeReader(in, &locked{&mu, &heard}))
				io.Copy(c, to)
			}()
		}
	}()
	host := "https://workspace.test" + workspaceAt[strings.Index(workspaceAt, ":"):]
	for _, kind := range []string{"pat", "m2m", "broken", "given", "given, broken"} {
		broken.Store(strings.Contains(kind, "broken"))
		cmd := h.command(kind, h.binary, h.args("echo", "-c", "1", "-n", "5")...)
		proxy := "http://someone:" + canaryOwn + "@" + l.Addr().String()
		cmd.Env = append(cmd.Env, "DATABRICKS_HOST="+host)
		if strings.HasPrefix(kind, "given") {
			cmd.Args = append(cmd.Args, "--proxy", proxy, "--json", "given.json")
		} else {
			cmd.Env = append(cmd.Env, "HTTPS_PROXY="+proxy, "HTTP_PROXY="+proxy)
		}
		before := h.w.Stats().Served
		out, _ := cmd.CombinedOutput()
		h.none(kind, string(out))
		report, _ := os.ReadFile(h.path("given.json"))
		h.none("the report of "+kind, string(report))
		if kind == "given" && !bytes.Contains(report, []byte(`"proxy":"http://`+l.Addr().String())) {
			t.Errorf("the report does not tell of the proxy: %.300s", report)
		}
		if served := h.w.Stats().Served - before; broken.Load() == (served == 5) {
			t.Errorf("%s: %d requests were served: %s", kind, served, out)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	text := strings.ReplaceAll(heard.String(), canaryOwn, "") // which is its own
	if !strings.Contains(text, "CONNECT workspace.test:") || strings.Contains(text, "GET ") || strings.Contains(text, "POST ") {
		t.Errorf("the proxy heard %.300q", text)
	}
	if found := leak(text, []string{canaryPAT, canarySecret}); found != "" {
		t.Error(found)
	}
}

// locked is a writer that several use.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
