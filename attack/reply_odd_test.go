package attack

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"brunt/attack/endpoint"
	"brunt/attack/result"
	"brunt/payloads"
)

const okBody = "Content-Length: 2\r\n\r\nok"

// oddReplies are replies at the edge of HTTP, or beyond it, with what is to be
// made of each: a status, or 0 for a bad reply. Where Go's net/http or curl do
// otherwise, why says so.
var oddReplies = []struct {
	name, reply string
	want        int
	why         string
}{
	{"usual", "HTTP/1.1 200 OK\r\n" + okBody, 200, ""},
	{"HTTP/1.0", "HTTP/1.0 200 OK\r\n" + okBody, 200, ""},
	{"HTTP/1.0 to the end", "HTTP/1.0 200 OK\r\n\r\nok", 200, ""},
	{"no reason", "HTTP/1.1 200\r\n" + okBody, 200, ""},
	{"LF alone", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, ""},
	{"LF after the status", "HTTP/1.1 200 OK\n" + okBody, 200, ""},
	{"LF in the middle", "HTTP/1.1 200 OK\r\nA: b\n" + okBody, 200, ""},
	{"LF at the end", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok", 200, ""},
	{"LF and then CR LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\r\nok", 200, ""},
	{"LF, a body of CR LF", "HTTP/1.1 200 OK\nContent-Length: 4\n\n\r\n\r\n", 200, ""},
	{"LF, chunked", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n", 200, "Go wants CR LF after a chunk"},
	{"hints, LF", "HTTP/1.1 103 Early\nLink: x\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, ""},
	{"status 000", "HTTP/1.1 000 OK\r\n" + okBody, 0, "Go takes it as 0, which is no status [RFC 9110 §15]"},
	{"status 000, LF", "HTTP/1.1 000 OK\nContent-Length: 2\n\nok", 0, "the same"},
	{"status 007", "HTTP/1.1 007 OK\r\n" + okBody, 0, "the same"},
	{"status 099", "HTTP/1.1 099 OK\r\n" + okBody, 0, "the same"},
	{"status 2000", "HTTP/1.1 2000 OK\r\n" + okBody, 0, ""},
	{"status 20", "HTTP/1.1 20 OK\r\n" + okBody, 0, ""},
	{"status +20", "HTTP/1.1 +20 OK\r\n" + okBody, 0, "Go takes it as 20"},
	{"status -20", "HTTP/1.1 -20 OK\r\n" + okBody, 0, ""},
	{"no status", "HTTP/1.1 OK\r\n" + okBody, 0, ""},
	{"status 999", "HTTP/1.1 999 So\r\n" + okBody, 999, ""},
	{"equal lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\ncontent-length: 2\r\n\r\nok", 200, ""},
	{"equal lengths in one", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", 200, "Go refuses what RFC 9110 §8.6 allows"},
	{"different lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", 0, ""},
	{"different lengths in one", "HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nok", 0, ""},
	{"different forms of a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 02\r\n\r\nok", 0, ""},
	{"length -1", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nok", 0, ""},
	{"length +2", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", 0, ""},
	{"length 0x2", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok", 0, ""},
	{"length 2 2", "HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n\r\nok", 0, ""},
	{"no length", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok", 0, ""},
	{"length beyond 64 bits", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok", 0, ""},
	{"length and chunked", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, ""},
	{"chunked and length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, ""},
	{"Chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, ""},
	{"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n" + okBody, 0, ""},
	{"identity, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"gzip, chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk +2", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk -2", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk 0x2", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk without size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk beyond 64 bits", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000002\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk longer than said", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nok\r\n0\r\n\r\n", 0, ""},
	{"chunk with an extension", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nTrailer: x\r\n\r\n", 200, ""},
	{"204 with a length", "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\n", 204, ""},
	{"304 with a length", "HTTP/1.1 304 Not\r\nContent-Length: 2\r\n\r\n", 304, ""},
	{"many interim replies", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 900) + "HTTP/1.1 200 OK\r\n" + okBody, 200, "Go takes five"},
	{"no end of interim replies", strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 2000), 0, ""},
	{"no colon", "HTTP/1.1 200 OK\r\nnothing\r\n" + okBody, 0, ""},
	{"no name", "HTTP/1.1 200 OK\r\n: a\r\n" + okBody, 0, ""},
	{"folded", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n" + okBody, 200, ""},
	{"NUL", "HTTP/1.1 200 OK\r\nA: b\x00c\r\n" + okBody, 0, ""},
	{"HTTP/2", "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", 0, ""},
	{"TLS", "\x15\x03\x01\x00\x02\x02\x46", 0, ""},
	{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", 0, ""},
	{"a body alone", `{"ok":true}`, 0, ""},
	{"HTTP, and no more of it", "HTTP is what this server does not speak\r\n\r\n", 0, ""},
}

// oddServer answers each request with the reply, and then keeps the connection
// unless the reply ends with it.
func oddServer(t *testing.T, reply string) (url string) {
	url = rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
		for request(in) {
			io.WriteString(c, reply)
			if strings.HasPrefix(reply, "HTTP/1.0 200 OK\r\n\r\n") {
				return
			}
		}
	})
	return url
}

// TestOddReplies: each is taken or refused at once, and counted as what it is.
func TestOddReplies(t *testing.T) {
	for _, odd := range oddReplies {
		t.Run(odd.name, func(t *testing.T) {
			t.Parallel()
			p := testPlan(6)
			p.Concurrency, p.Timeout = 2, 20*time.Second
			s := attackOf(t, oddServer(t, odd.reply), p)
			if odd.want > 0 && s.Status[odd.want] != 6 {
				t.Errorf("%v, %+v; want status %d", s.Status, s.Failures, odd.want)
			}
			if odd.want == 0 && (len(s.Failures) != 1 || s.Failures[0].Kind != result.KindBadReply || s.Failures[0].Count != 6) {
				t.Errorf("%v, %+v; want bad replies", s.Status, s.Failures)
			}
		})
	}
}

// TestOddRepliesElsewhere holds the table against Go's client and, where there
// is one, curl: they do the same, except where the table says so.
func TestOddRepliesElsewhere(t *testing.T) {
	curl, lacking := exec.LookPath("curl")
	for _, odd := range oddReplies {
		t.Run(odd.name, func(t *testing.T) {
			t.Parallel()
			url := oddServer(t, odd.reply)
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Second}
			status := 0
			resp, err := client.Post(url, "application/json", strings.NewReader("{}"))
			if err == nil {
				if _, err = io.Copy(io.Discard, resp.Body); err == nil {
					status = resp.StatusCode
				}
				resp.Body.Close()
			}
			said := "is not there"
			if lacking == nil {
				out, err := exec.Command(curl, "-sS", "-m", "2", "-o", "/dev/null", "-w", "%{http_code}", "-d", "{}", url).CombinedOutput()
				said = string(out)
				if err != nil {
					said += ", " + err.Error()
				}
			}
			t.Logf("want %d; Go %d, %v; curl %q", odd.want, status, err, said)
			if status != odd.want && odd.why == "" {
				t.Errorf("Go has %d, %v; want %d", status, err, odd.want)
			}
		})
	}
}

// bundle holds what several writes give, TLS records for one, and sends it as
// one.
type bundle struct {
	net.Conn
	held []byte
	wait bool
}

func (b *bundle) Write(p []byte) (int, error) {
	b.held = append(b.held, p...)
	return len(p), b.flush()
}

func (b *bundle) flush() (err error) {
	if !b.wait {
		_, err = b.Conn.Write(b.held)
		b.held = b.held[:0]
	}
	return err
}

// TestUnaskedReplies: what comes with a reply and is none of it, be it in a TLS
// record of its own, ends the connection, and answers no request.
func TestUnaskedReplies(t *testing.T) {
	const n = 20
	identity := httptest.NewTLSServer(nil)
	defer identity.Close()
	for name, reply := range map[string]string{
		"small":   "HTTP/1.1 200 OK\r\n" + okBody,
		"chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"204":     "HTTP/1.1 204 No Content\r\n\r\n",
		"large":   "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000),
	} {
		for _, version := range []uint16{0, tls.VersionTLS12, tls.VersionTLS13} {
			url := rawServer(t, func(c net.Conn, in *bufio.Reader, _ int) {
				both := &bundle{Conn: c}
				c = both
				if version > 0 {
					c = tls.Server(both, &tls.Config{Certificates: identity.TLS.Certificates, MinVersion: version, MaxVersion: version})
					defer c.Close()
					in = bufio.NewReader(c)
				}
				for request(in) {
					both.wait = true
					io.WriteString(c, reply)
					io.WriteString(c, "HTTP/1.1 500 Unasked\r\nContent-Length: 0\r\n\r\n")
					both.wait = false
					both.flush()
				}
			})
			if version > 0 {
				url = "https" + strings.TrimPrefix(url, "http")
			}
			run := start(t, url, testPlan(n), payloads.Single("test", body), endpoint.Options{Insecure: true})
			<-run.Done()
			s := run.Snapshot()
			checkBooks(t, s)
			if s.Counts.Succeeded != n || s.Counts.Connections != n {
				t.Errorf("%s, TLS %x: %+v %+v", name, version, s.Counts, s.Failures)
			}
		}
	}
}
