package mock

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick is an endpoint that answers at once.
func quick() Config { return Config{Concurrency: 64, Seed: 1} }

func start(t testing.TB, c Config) *Server {
	t.Helper()
	s, err := Start(c, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// newClient keeps every connection it opened.
func newClient(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 1000}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

type reply struct {
	status int
	header http.Header
	body   string
	last   bool // the server closes the connection
	err    error
}

func send(c *http.Client, method, url, body string) reply {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	resp, err := c.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(b), resp.Close, err}
}

func post(c *http.Client, url, body string) reply { return send(c, http.MethodPost, url, body) }

// eventually looks again and again; the deadline is only there for a test that
// fails.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
	}
}

// checkSum is the identity that Stats promises.
func checkSum(t *testing.T, st Stats) {
	t.Helper()
	sum := uint64(st.Queued + st.InService + st.Returning)
	for _, n := range st.Answered {
		sum += n
	}
	if st.Arrived != sum || st.Queued < 0 || st.InService < 0 || st.Returning < 0 {
		t.Errorf("arrived is not answered + queued + in service + returning: %+v", st)
	}
}

func TestReplyHasTheShapeOfTheRequest(t *testing.T) {
	c := quick()
	c.Name, c.Tokens = "chatty", 5
	s := start(t, c)
	client := newClient(t)
	const text = "every reply comes after delay"
	tests := []struct{ body, want string }{
		{`{"dataframe_split":{"data":[[1],[2]]}}`, `{"predictions":[0.#,0.#]}`},
		{`{"instances":[]}`, `{"predictions":[]}`},
		{`{"anything":1}`, `{"predictions":[0.#]}`},
		{`{"messages":[{}]}`, `{"id":"ID","object":"chat.completion","created":#,"model":"chatty","choices":[{"index":#,"message":{"role":"assistant","content":"` + text + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":#,"completion_tokens":5,"total_tokens":6}}`},
		{`{"messages":[{}],"max_tokens":2,"n":2}`, `{"id":"ID","object":"chat.completion","created":#,"model":"chatty","choices":[{"index":#,"message":{"role":"assistant","content":"every reply"},"finish_reason":"length"},{"index":#,"message":{"role":"assistant","content":"every reply"},"finish_reason":"length"}],"usage":{"prompt_tokens":#,"completion_tokens":4,"total_tokens":5}}`},
		{`{"prompt":"hello"}`, `{"id":"ID","object":"text_completion","created":#,"model":"chatty","choices":[{"index":#,"text":"` + text + `","finish_reason":"stop"}],"usage":{"prompt_tokens":#,"completion_tokens":5,"total_tokens":7}}`},
	}
	for _, tt := range tests {
		got := post(client, s.URL(), tt.body)
		if got.err != nil || got.status != 200 {
			t.Errorf("%s: %d, %v", tt.body, got.status, got.err)
			continue
		}
		if !json.Valid([]byte(got.body)) {
			t.Errorf("%s: reply is no JSON: %s", tt.body, got.body)
		}
		if masked := mask(got, tt.want); masked != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.body, masked, tt.want)
		}
		if h := got.header; h.Get("Served-Model-Name") != "chatty-1" || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: header %v", tt.body, h)
		}
	}
}

// mask puts "#" for the digits wherever want has one, and ID for the request's
// id.
func mask(got reply, want string) string {
	body := strings.ReplaceAll(got.body, got.header.Get("X-Databricks-Request-Id"), "ID")
	var out strings.Builder
	for body != "" {
		at := out.Len()
		if at < len(want) && want[at] == '#' {
			out.WriteByte('#')
			body = strings.TrimLeft(body, "0123456789")
			continue
		}
		out.WriteByte(body[0])
		body = body[1:]
	}
	return out.String()
}

func TestEmbeddings(t *testing.T) {
	s := start(t, quick())
	got := post(newClient(t), s.URL(), `{"input":["a","b","c"]}`)
	var list struct {
		Data []struct {
			Index     int
			Embedding []float64
		}
		Usage map[string]int
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	if len(list.Data) != 3 || list.Data[2].Index != 2 || len(list.Data[2].Embedding) != dimensions || list.Usage["prompt_tokens"] != 3 {
		t.Errorf("got %s", got.body)
	}
}

func TestEqualBodiesGetEqualPredictions(t *testing.T) {
	a, b, client := start(t, quick()), start(t, quick()), newClient(t)
	const body = `{"instances":[1,2,3]}`
	first := post(client, a.URL(), body).body
	if again := post(client, b.URL(), body).body; first == "" || again != first {
		t.Errorf("got %s, then %s", first, again)
	}
	if other := post(client, a.URL(), `{"instances":[1,2,4]}`).body; other == first {
		t.Errorf("another body got the same predictions: %s", other)
	}
}

// TestBrotli sends a body that is compressed as no load of brunt's own is.
func TestBrotli(t *testing.T) {
	s := start(t, quick())
	req, err := http.NewRequest(http.MethodPost, s.URL(), strings.NewReader("\x8b\b\x80{\"inputs\":[1,2,3]}\x03"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Encoding", "br")
	resp, err := newClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || strings.Count(string(body), ",") != 2 {
		t.Errorf("%d %s %v", resp.StatusCode, body, err)
	}
}

func TestRefusals(t *testing.T) {
	c := quick()
	c.Name = "here"
	s := start(t, c)
	base := strings.TrimSuffix(s.URL(), "/serving-endpoints/here/invocations")
	client := newClient(t)
	large := `{"x":"` + strings.Repeat("x", maxBody) + `"}`
	tests := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/serving-endpoints/here/invocations", `[1]`, 400, `"error_code":"BAD_REQUEST","message":"Failed to parse input: the body is no JSON object"`},
		{"POST", "/serving-endpoints/here/invocations", `{"a":`, 400, "Failed to parse input: no JSON at byte 5"},
		{"POST", "/serving-endpoints/here/invocations", "", 400, "Failed to parse input: the body is empty"},
		{"POST", "/serving-endpoints/here/invocations", large, 413, "16 MB"},
		{"GET", "/serving-endpoints/here/invocations", "", 405, "METHOD_NOT_ALLOWED"},
		{"PUT", "/serving-endpoints/here/invocations", "{}", 405, "METHOD_NOT_ALLOWED"},
		{"POST", "/serving-endpoints/there/invocations", "{}", 404, `"error_code":"ENDPOINT_NOT_FOUND","message":"The endpoint 'there' does not exist`},
		{"GET", "/api/2.0/serving-endpoints/there", "", 404, `"error_code":"RESOURCE_DOES_NOT_EXIST","message":"Endpoint with name 'there' does not exist."`},
		{"POST", "/", "{}", 404, `"error_code":"RESOURCE_DOES_NOT_EXIST","message":"There is nothing at '/'`},
		{"POST", "/serving-endpoints/a%22b/invocations", "{}", 404, `nothing at '/serving-endpoints/a\"b/invocations'`},
		{"GET", "/healthz", "", 404, "RESOURCE_DOES_NOT_EXIST"},
		{"DELETE", "/api/2.0/serving-endpoints/here", "", 405, "METHOD_NOT_ALLOWED"},
	}
	for _, tt := range tests {
		got := send(client, tt.method, base+tt.path, tt.body)
		if got.err != nil || got.status != tt.status || !strings.Contains(got.body, tt.want) || !json.Valid([]byte(got.body)) {
			t.Errorf("%s %s: %d %s %v; want %d, %s", tt.method, tt.path, got.status, got.body, got.err, tt.status, tt.want)
		}
		if got.header.Get("Served-Model-Name") != "" || got.header.Get("X-Databricks-Request-Id") == "" {
			t.Errorf("%s %s: header %v", tt.method, tt.path, got.header)
		}
		if allow := got.header.Get("Allow"); (tt.status == 405) != (allow != "") {
			t.Errorf("%s %s: allow %q", tt.method, tt.path, allow)
		}
	}
	st := s.Stats()
	checkSum(t, st)
	if st.Arrived != 11 || st.Lookups != 1 || st.Broken != 0 {
		t.Errorf("want 11 arrived (all but one look-up), got %+v", st)
	}
}

func TestDetails(t *testing.T) {
	c := quick()
	c.Name, c.Concurrency, c.ColdStart, c.Tokens = "asleep", 8, time.Millisecond, 3
	s := start(t, c)
	client := newClient(t)
	url := "http://" + s.Addr() + "/api/2.0/serving-endpoints/asleep"
	var d details
	read := func() {
		t.Helper()
		got := send(client, "GET", url, "")
		if err := json.Unmarshal([]byte(got.body), &d); err != nil || got.status != 200 {
			t.Fatalf("%d %s: %v", got.status, got.body, err)
		}
	}
	read()
	if d.Name != "asleep" || d.State.Ready != "READY" || d.State.ConfigUpdate != "NOT_UPDATING" ||
		d.RouteOptimized || d.PermissionLevel != "CAN_MANAGE" || d.Task != "llm/v1/chat" || len(d.ID) != 32 {
		t.Errorf("got %+v", d)
	}
	entity := d.Config.ServedEntities[0]
	want := servedEntity{
		Name: "asleep-1", EntityName: "main.default.asleep", EntityVersion: "1", WorkloadSize: "Medium", WorkloadType: "CPU",
		MinProvisionedConcurrency: 0, MaxProvisionedConcurrency: 8, ScaleToZeroEnabled: true,
		State: entityState{"DEPLOYMENT_READY", "Scaled to zero"},
	}
	if entity != want {
		t.Errorf("got %+v\nwant %+v", entity, want)
	}
	if r := d.Config.TrafficConfig.Routes[0]; r.ServedEntityName != entity.Name || r.TrafficPercentage != 100 {
		t.Errorf("got route %+v", r)
	}
	post(client, s.URL(), "{}")
	read()
	if got := d.Config.ServedEntities[0].State.DeploymentStateMessage; got != "" {
		t.Errorf("after a request still %q", got)
	}
	if st := s.Stats(); st.Lookups != 2 || st.Arrived != 1 {
		t.Errorf("got %+v, want 2 look-ups, 1 arrived", st)
	}
}

func TestRequestIDsAreUnique(t *testing.T) {
	servers := []*Server{start(t, quick()), start(t, quick())}
	client := newClient(t)
	seen := make(map[string]bool)
	var mu sync.Mutex
	var senders sync.WaitGroup
	for i := range 8 {
		senders.Go(func() {
			for range 50 {
				id := post(client, servers[i%2].URL(), "{}").header.Get("X-Databricks-Request-Id")
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	if len(seen) != 400 {
		t.Errorf("%d different ids for 400 requests", len(seen))
	}
	for id := range seen {
		if len(id) != 36 || strings.Count(id, "-") != 4 {
			t.Fatalf("id %q has not the form of a UUID", id)
		}
	}
}

func TestAddresses(t *testing.T) {
	c := quick()
	c.Name = "a-b"
	s, err := Start(c, ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") || !strings.HasSuffix(s.URL(), "/serving-endpoints/a-b/invocations") {
		t.Errorf("URL %s", s.URL())
	}
	tests := []struct{ listen, want string }{
		{s.Addr(), "in use; choose another address, or port 0"},
		{"nonsense", `cannot listen on "nonsense": address nonsense: missing port`},
		{"127.0.0.1:99999", "invalid port"},
	}
	for _, tt := range tests {
		other, err := Start(c, tt.listen)
		if err == nil {
			other.Close()
			t.Errorf("%s: started", tt.listen)
		} else if got := err.Error(); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%s: %s", tt.listen, got)
		}
	}
}

// Bytes as they come, past any client that would mend them.
func TestRawConnections(t *testing.T) {
	s := start(t, quick())
	path := s.endpoint.invocations
	tests := []struct{ name, bytes, want string }{
		{"no HTTP", "hello\r\n\r\n", "400"},
		{"huge header", "POST " + path + " HTTP/1.1\r\nA: " + strings.Repeat("a", 2*maxHeader) + "\r\n\r\n", "431"},
		{"body past the cut", "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"},
		{"chunked", "POST " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", "200"},
		{"two at once", "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}POST " + path + " HTTP/1.0\r\nContent-Length: 1\r\n\r\n{", "400"},
	}
	for _, tt := range tests {
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, tt.bytes); err != nil {
			t.Fatal(err)
		}
		conn.(*net.TCPConn).CloseWrite()
		// A refused huge request may end in a reset after the reply.
		answer, _ := io.ReadAll(conn)
		conn.Close()
		last := answer[max(0, bytes.LastIndex(answer, []byte("HTTP/1."))):]
		if !bytes.HasPrefix(last, []byte("HTTP/1.1 "+tt.want)) {
			t.Errorf("%s: got %.80q, want %s", tt.name, answer, tt.want)
		}
	}
	eventually(t, "4 arrived, 2 broken", func() bool {
		st := s.Stats()
		return st.Arrived == 4 && st.Broken == 2
	})
	checkSum(t, s.Stats())
}
