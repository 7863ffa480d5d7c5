//go:build !race

package job_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"brunt/attack/mock/workspacetest"
	"brunt/payloads"
	"brunt/payloads/needs"
	"brunt/report/config"
	"brunt/report/job"
)

// The workspace's credentials look like no credentials at all, so that they are
// hidden for being known, not for their looks.
const (
	canaryPAT    = "canaryPersonal.Zq7-w0Kd_93mXvB1+LtY6/Rh"
	canarySecret = "canarySecret~Jf4sT8uC2nE5gA7xPoW1dQ9kHb"
	canaryOwn    = "canaryOwnKey.Ub3yN6iV0cM8eS2zGa5lFj1rXt"
	clientID     = "11111111-2222-3333-4444-555555555555"
)

// panicsEnv makes the test's binary a program that holds the credentials and
// panics under load.
const panicsEnv = "BRUNT_HYGIENE_PANICS"

func TestMain(m *testing.M) {
	if how := os.Getenv(panicsEnv); how != "" {
		panicUnderLoad(how)
	}
	code := m.Run()
	os.RemoveAll(program.dir)
	os.Exit(code)
}

// panicUnderLoad makes a run and panics while it is under way: by the runtime,
// with an error of the workspace's, or in an answer's handling.
func panicUnderLoad(how string) {
	f := job.Flags{}
	f.Load = config.Load{Concurrency: new(4), Requests: new(uint64(1 << 30)), Exchange: config.Exchange{Keepalive: true, Timeout: config.Duration(time.Minute)}, AtEnd: "drain", CatchUp: "send"}
	if err := f.Load.Success.UnmarshalText([]byte("200-299")); err != nil {
		panic("no plan")
	}
	f.Payloads = config.Payloads{Payloads: []string{os.Getenv("BODIES")}, PayloadFormat: payloads.AutoFormat, Order: payloads.Sequential}
	f.Target = config.Target{TLS: config.TLS{CA: os.Getenv("CA")}, Auth: "auto", Header: []string{"X-Api-Key: env:OWN"}}
	s, err := job.Open(f, "echo", job.Allow{}, job.Streams{})
	if err != nil {
		panic("not opened: " + err.Error())
	}
	j, err := s.Start(context.Background(), s.Settings(), nil)
	if err != nil {
		panic("not started: " + err.Error())
	}
	for range time.Tick(time.Millisecond) {
		if len(j.Run.Snapshot().Failures) >= 3 {
			break
		}
	}
	if how == "failure" {
		panic(fmt.Sprintf("%+v", j.Run.Snapshot()))
	}
	var none []int
	none[len(how)]++
}

// spell are ways in which a server may write what it was sent.
var spell = []func(auth, token string) string{
	func(auth, _ string) string { return auth },
	func(_, token string) string { return "you sent " + token + ", which is nothing" },
	func(auth, _ string) string { return strings.ToUpper(auth) },
	func(_, token string) string { return base64.StdEncoding.EncodeToString([]byte(token)) },
	func(_, token string) string { return base64.StdEncoding.EncodeToString([]byte("token:" + token)) },
	func(_, token string) string { return base64.URLEncoding.EncodeToString([]byte("users:" + token)) },
	func(auth, _ string) string { return base64.RawURLEncoding.EncodeToString([]byte(auth)) },
	func(_, token string) string { return url.QueryEscape(token) },
	func(_, token string) string { return hex.EncodeToString([]byte(token)) },
	func(_, token string) string {
		return "%" + strings.Join(chunks(hex.EncodeToString([]byte(token)), 2), "%")
	},
	func(_, token string) string { return strings.Join(chunks(token, 12), "\r\n ") },
	func(_, token string) string { return strings.Join(chunks(token, 1), " ") },
	func(auth, _ string) string { return `{"message":` + quoted(auth) + `}` },
	func(_, token string) string {
		return `{"error_code":` + quoted(token) + `,"message":` + escaped(token) + `}`
	},
	func(_, token string) string {
		return `{"error":{"message":` + quoted(quoted(token)) + `,"limit_type":` + quoted(token) + `}}`
	},
	func(auth, _ string) string { return "<html><title>" + html.EscapeString(auth) + "</title>" },
	func(_, token string) string { return strings.Repeat("x", 490) + " " + token },
	func(_, token string) string { return "\x00\x01" + token + "\xff\xfe" },
}

func quoted(text string) string {
	b, _ := json.Marshal(text) // a string: cannot fail
	return string(b)
}

func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, `\u%04x`, text[i])
	}
	return `"` + b.String() + `"`
}

func chunks(text string, n int) (list []string) {
	for ; len(text) > n; text = text[n:] {
		list = append(list, text[:n])
	}
	return append(list, text)
}

// echo answers with what it was sent in every spelling, in its body and
// headers, one after the other.
func echo() http.HandlerFunc {
	var turn atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		n := int(turn.Add(1))
		auth := r.Header.Get("Authorization")
		_, token, _ := strings.Cut(auth, " ")
		if n%2 == 0 { // a header of the user's own
			auth, token = r.Header.Get("X-Api-Key"), r.Header.Get("X-Api-Key")
		}
		which := n / 2 % len(spell)
		text := spell[which](auth, token)
		line := strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }), " ")
		h := w.Header()
		h.Set("X-Databricks-Request-Id", line)
		h.Set("X-Echo", line)
		h.Set("Served-Model-Name", line)
		h.Set("Via", auth)
		h.Set("Www-Authenticate", `Bearer realm="`+token+`"`)
		h.Set("X-"+strings.Map(func(c rune) rune {
			if strings.ContainsRune("+/=~ ", c) {
				return -1
			}
			return c
		}, token), "name")
		switch n % 7 {
		case 0:
			io.WriteString(w, text)
		case 1:
			h.Set("Location", "https://elsewhere.test/log/"+url.PathEscape(token)+"?next="+url.QueryEscape(token)+"#access_token="+url.QueryEscape(token))
			w.WriteHeader(302)
		case 2:
			h.Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: {\"error\":{\"message\":%s}}\n\n", quoted(text))
		default:
			w.WriteHeader([]int{410, 440, 540}[n%3] + which)
			io.WriteString(w, text)
		}
	}
}

// leak is where a text holds one of the secrets, in any spelling; empty where it
// holds none.
func leak(text string, secrets []string) string {
	squeezed := strings.NewReplacer(`\r`, "", `\n`, "", "\r", "", "\n", "", "\t", "", " ", "", `\"`, `"`, `\/`, "/").Replace(text)
	low := strings.ToLower(squeezed)
	for _, secret := range secrets {
		needles := []string{secret, secret[:16], secret[len(secret)-16:], url.QueryEscape(secret), strings.Trim(escaped(secret), `"`), "%" + strings.Join(chunks(hex.EncodeToString([]byte(secret)), 2), "%")}
		if strings.HasPrefix(secret, "eyJ") {
			needles[1] = secret[20:36] // after what all of them begin with
		}
		for before := range 3 {
			code := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(":", before) + secret))
			code = code[4 : len(code)-3]
			needles = append(needles, code[:20], strings.NewReplacer("+", "-", "/", "_").Replace(code))
		}
		needles = append(needles, hex.EncodeToString([]byte(secret[:16])))
		for _, needle := range needles {
			if at := strings.Index(low, strings.ToLower(needle)); at >= 0 {
				return fmt.Sprintf("%q in …%s…", needle, squeezed[max(0, at-60):min(len(squeezed), at+len(needle)+60)])
			}
		}
	}
	return ""
}

// hygiene is a workspace with the credentials, and a brunt to be given them.
type hygiene struct {
	*testing.T
	w      *workspacetest.Server
	binary string
	dir    string
	looked int
}

func (h *hygiene) none(what, text string) {
	h.Helper()
	if found := leak(text, append(h.w.Secrets(), canaryPAT, canarySecret, canaryOwn)); found != "" {
		h.Errorf("%s holds a secret: %s", what, found)
	}
	h.looked++
}

func newHygiene(t *testing.T) *hygiene {
	w, err := workspacetest.Start(workspacetest.Config{PATs: []string{canaryPAT}, ClientID: clientID, Secret: canarySecret, Lifetime: 4 * time.Second, Endpoints: []workspacetest.Endpoint{
		{Name: "echo", Answer: echo()}, {Name: "fast", RouteOptimized: true, Answer: echo()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	h := &hygiene{T: t, w: w, dir: t.TempDir()}
	h.write("ca.pem", w.CA())
	h.write("bodies.jsonl", []byte(`{"inputs":[1]}`+"\n"))
	return h
}

func (h *hygiene) path(name string) string { return filepath.Join(h.dir, name) }

func (h *hygiene) write(name string, text []byte) {
	h.Helper()
	if err := os.WriteFile(h.path(name), text, 0o600); err != nil {
		h.Fatal(err)
	}
}

// program is brunt, built once for all tests of the package.
var program struct {
	once sync.Once
	dir  string
	err  error
}

func built(t *testing.T) (path string) {
	t.Helper()
	program.once.Do(func() {
		if program.dir, program.err = os.MkdirTemp("", "brunt-job-"); program.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", program.dir, "brunt").CombinedOutput(); err != nil {
			program.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return filepath.Join(program.dir, "brunt")
}

// command runs brunt, or another program, with the credentials of that kind in
// its environment. The libraries are told to log all that they can.
func (h *hygiene) command(kind, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = h.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "DATABRICKS_HOST=" + h.w.Host(), "OWN=" + canaryOwn, "GOTRACEBACK=system", "GODEBUG=http2debug=2",
		"DATABRICKS_DEBUG_HEADERS=true", "DATABRICKS_DEBUG_TRUNCATE_BYTES=100000",
		"CA=" + h.path("ca.pem"), "BODIES=" + h.path("bodies.jsonl")}
	switch kind {
	case "none":
	case "pat":
		cmd.Env = append(cmd.Env, "DATABRICKS_TOKEN="+canaryPAT)
	default:
		cmd.Env = append(cmd.Env, "DATABRICKS_CLIENT_ID="+clientID, "DATABRICKS_CLIENT_SECRET="+canarySecret)
	}
	return cmd
}

// args are an attack's on an endpoint of the workspace.
func (h *hygiene) args(name string, more ...string) []string {
	return append([]string{"attack", name, "-p", "bodies.jsonl", "--ca", "ca.pem", "--resolve", h.w.RouteHost("fast") + ":127.0.0.1", "-H", "X-Api-Key: env:OWN"}, more...)
}

// TestNothingShowsSecrets has a server repeat in every way what it was sent,
// and looks for it in everything that brunt writes.
func TestNothingShowsSecrets(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	h := newHygiene(t)
	h.binary = built(t)
	files := []string{"run.json", "run.html", "run.xml", "run.hlog"}
	for n, c := range []struct {
		kind, name string
		more       []string
	}{
		{"pat", "echo", []string{"-o", "text", "--results", "run.csv"}},
		{"pat", "echo", []string{"-o", "json", "--results", "run.ndjson", "--http2"}},
		{"m2m", "echo", []string{"-o", "markdown", "--results", "run.gob"}},
		{"m2m", "fast", []string{"-o", "html", "--results", "run.gob", "--http2"}},
		{"m2m", h.w.Host() + "/serving-endpoints/echo/invocations?token=" + url.QueryEscape(canaryOwn), []string{"--label", "a=b"}},
	} {
		args := h.args(c.name, append(c.more, "-c", "3", "-n", "300", "--json", files[0], "--plot", files[1], "--junit", files[2], "--hlog", files[3], "--slo", "p99<1s")...)
		out, err := h.command(c.kind, h.binary, args...).CombinedOutput()
		if len(out) == 0 {
			t.Fatalf("run %d: %v", n, err)
		}
		h.none(fmt.Sprintf("run %d's output", n), string(out))
		for _, file := range append(files, filepath.Base(c.more[len(c.more)-1]), "run.csv", "run.ndjson", "run.gob") {
			if text, err := os.ReadFile(h.path(file)); err == nil {
				h.none(fmt.Sprintf("run %d's %s", n, file), string(text))
			}
		}
		// It is not for want of being repeated that nothing is found.
		text, _ := os.ReadFile(h.path("run.json"))
		if hidden := strings.Count(string(text), "***"); hidden < 100 || strings.Count(string(text), `"kind":"status_`) < 10 || !strings.Contains(string(text), `"stream_error"`) {
			t.Errorf("run %d: hidden %d times in %.3000s", n, hidden, text)
		}
		for _, format := range []string{"text", "json", "markdown", "html"} {
			again, _ := h.command(c.kind, h.binary, "report", "run.json", "-o", format).CombinedOutput()
			h.none("the report again as "+format, string(again))
		}
		for _, format := range []string{"text", "json"} {
			found, _ := h.command(c.kind, h.binary, append([]string{"probe"}, h.args(c.name, "-o", format)[1:]...)...).CombinedOutput()
			h.none("probe as "+format, string(found))
		}
	}
	if h.looked < 50 {
		t.Errorf("looked at %d texts only", h.looked)
	}
}

// TestPageShowsNoSecrets looks at every path of the live view, at the command
// lines of all processes, and at what is written when brunt is made to dump all
// its stacks.
func TestPageShowsNoSecrets(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	h := newHygiene(t)
	h.binary = built(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := h.command("m2m", h.binary, h.args("echo", "-r", "300", "-d", "1m", "--results", "run.csv", "--serve="+address)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	await(t, func() bool { return h.w.Stats().Served > 900 && h.w.Stats().TokensIssued > 2 })
	for _, path := range []string{"/", "/api/report", "/api/runs", "/metrics", "/healthz", "/download/report.html", "/download/report.json", "/download/intervals.csv", "/download/results", "/api/events", "/nowhere"} {
		h.none(path, h.get("http://"+address+path))
	}
	for path, body := range map[string]string{"/api/start": `{}`, "/api/change": `{"rate_per_s":200}`, "/api/stop": `{"how":"never"}`} {
		resp, err := http.Post("http://"+address+path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		h.none(path, string(text))
	}
	h.none("command lines", commandLines(t, cmd.Process.Pid))
	if err := cmd.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // by the signal
	h.dump("SIGABRT", stderr.String())
	h.none("standard output", stdout.String())
}

// TestPanicsShowNoSecrets has a process that holds the secrets panic.
func TestPanicsShowNoSecrets(t *testing.T) {
	needs.Time(t)
	t.Parallel()
	h := newHygiene(t)
	for _, how := range []string{"runtime", "failure"} {
		for _, kind := range []string{"pat", "m2m"} {
			cmd := h.command(kind, os.Args[0])
			cmd.Env = append(cmd.Env, panicsEnv+"="+how)
			timer := time.AfterFunc(3*time.Minute, func() { cmd.Process.Kill() })
			out, err := cmd.CombinedOutput()
			timer.Stop()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 2 {
				t.Fatalf("%v: %.600s", err, out)
			}
			if !strings.Contains(string(out), "panic:") {
				t.Fatalf("%s", out)
			}
			if how == "failure" {
				h.none(how, string(out))
				continue
			}
			h.dump(how, string(out))
		}
	}
}

var word = regexp.MustCompile(`0x([0-9a-f]+)`)

// dump looks at a dump of stacks, where short values are hexadecimal words.
func (h *hygiene) dump(what, text string) {
	h.Helper()
	if strings.Count(text, "goroutine ") < 5 || !strings.Contains(text, "brunt/attack.") {
		h.Fatalf("%s: no dump of all stacks: %.2000s", what, text)
	}
	h.none(what, text)
	var little, big []byte
	for _, m := range word.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseUint(m[1], 16, 64)
		if err != nil {
			continue
		}
		little, big = binary.LittleEndian.AppendUint64(little, n), binary.BigEndian.AppendUint64(big, n)
	}
	for _, secret := range append(h.w.Secrets(), canaryOwn, clientID+":"+canarySecret, "Bearer "+canaryPAT) {
		secret = strings.TrimPrefix(secret, "eyJhbGciOiJub25lIn0.")
		for i := 0; i+6 <= len(secret); i++ {
			if piece := []byte(secret[i : i+6]); bytes.Contains(little, piece) || bytes.Contains(big, piece) {
				h.Errorf("%s: the words hold %q", what, piece)
			}
		}
	}
}

// get reads a path, of a stream for as long as two of its events take.
func (h *hygiene) get(url string) string {
	h.Helper()
	resp, err := http.Get(url)
	if err != nil {
		h.Fatal(err)
	}
	defer resp.Body.Close()
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		text, err := io.ReadAll(resp.Body)
		if err != nil || len(text) == 0 {
			h.Errorf("%s: %d bytes, %v", url, len(text), err)
		}
		return string(text)
	}
	var text strings.Builder
	in := bufio.NewReader(resp.Body)
	for events := 0; events < 3; {
		line, err := in.ReadString('\n')
		if err != nil {
			h.Fatalf("%s: %v", url, err)
		}
		text.WriteString(line)
		if strings.HasPrefix(line, "data:") {
			events++
		}
	}
	return text.String()
}

// commandLines are those of a process and of all that descend from it.
func commandLines(t *testing.T, pid int) string {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	own := false
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // gone meanwhile
		}
		own = own || name == fmt.Sprintf("/proc/%d/cmdline", pid) && len(text) > 0
		all.Write(bytes.ReplaceAll(text, []byte{0}, []byte{' '}))
	}
	if !own {
		t.Error("brunt's own command line was not read")
	}
	return all.String()
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.After(3 * time.Minute); !done(); {
		select {
		case <-look.C:
		case <-end:
			t.Fatal("it does not come")
		}
	}
}

// TestPageTakesNoHeadersAlong has the page load another host than the command
// line's: what may be a secret among its headers stays with the first.
func TestPageTakesNoHeadersAlong(t *testing.T) {
	h := newHygiene(t)
	h.binary = built(t)
	h.write("lines.jsonl", []byte(`{"body":[1],"path":"/x?pwd=`+canaryOwn[:12]+`&v=1","headers":{"X-Line":"`+canaryOwn+`","X-Mode":"true"}}`+"\n"))
	var got [2]atomic.Pointer[http.Header]
	var paths [2]atomic.Pointer[string]
	var urls [2]string
	for i := range got {
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			paths[i].Store(new(r.URL.RequestURI()))
			got[i].Store(&r.Header)
		}))
		defer s.Close()
		urls[i] = s.URL
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	cmd := h.command("none", h.binary, "attack", urls[0], "-c", "1", "-n", "3", "--serve="+address, "--wait", "--serve-any-target", "-p", "lines.jsonl", "--payload-format", "request",
		"-kH", "Authorization: env:OWN", "-H", "x-api-key: env:OWN", "-H", "X-Team: "+canaryOwn[:14], "-H", "X-Plain: plain")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	await(t, func() bool {
		resp, err := http.Get("http://" + address + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	for i, url := range urls {
		resp, err := http.Post("http://"+address+"/api/start", "application/json", strings.NewReader(`{"concurrency":1,"requests":3,"target":`+quoted(url)+`}`))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", resp.Status, text)
		}
		await(t, func() bool {
			return strings.Contains(h.get("http://"+address+"/api/runs"), `"state":"done"`) && got[i].Load() != nil
		})
		header := got[i].Load()
		if own := i == 0; own != (header.Get("Authorization") == canaryOwn) || own != (header.Get("X-Api-Key") == canaryOwn) || header.Get("X-Plain") != "plain" ||
			own != (header.Get("X-Team") != "") || own != (header.Get("X-Line") == canaryOwn) || header.Get("X-Mode") != "true" || own != strings.Contains(*paths[i].Load(), "pwd=") || !strings.Contains(*paths[i].Load(), "v=1") {
			t.Errorf("server %d got %s, %v", i, *paths[i].Load(), header)
		}
	}
	await(t, func() bool {
		return strings.Contains(h.get("http://"+address+"/api/report"), "header Authorization, x-api-key, X-Team, X-Line; query value pwd")
	})
}
