package attack

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"brunt/attack/cause/causetest"
	"brunt/attack/endpoint"
	"brunt/attack/result"
)

// TestRemediesAreOne: what a load says of a connection that cannot be opened is
// what a probe says of it, and it fits.
func TestRemediesAreOne(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quietLog()
	secure.StartTLS()
	defer secure.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for name, c := range map[string]struct{ url, kind, remedy string }{
		"nobody listens":    {"http://" + closed.Addr().String(), endpoint.Refused, "nothing listens there"},
		"no TLS there":      {strings.Replace(plain.URL, "http", "https", 1), endpoint.TLS, "give an http:// URL"},
		"unknown authority": {secure.URL, endpoint.TLS, "give the authority's certificate with CA file"},
	} {
		s := attackOf(t, c.url, testPlan(2))
		found, err := endpoint.Probe(t.Context(), c.url, endpoint.Options{}, 5*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		last := found.Findings[len(found.Findings)-1]
		if len(s.Failures) != 1 || s.Failures[0].Kind != c.kind || !strings.HasPrefix(s.Failures[0].Advice.String(), c.remedy) || s.Failures[0].Advice.String() != last.Remedy.String() {
			t.Errorf("%s: %+v; the probe says %q", name, s.Failures, last.Remedy)
		}
	}
}

// TestOtherProtocols: a port that speaks another protocol is told by what it
// answers.
func TestOtherProtocols(t *testing.T) {
	for name, c := range map[string]struct{ reply, message, advice string }{
		"TLS":       {"\x15\x03\x01\x00\x02\x02\x46", "not a valid HTTP reply: it is one of TLS", "give an https:// URL"},
		"HTTP/2":    {"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", "not a valid HTTP reply: it is one of HTTP/2", "HTTP/2 only"},
		"something": {"SSH-2.0-OpenSSH_9.2\r\n", "not a valid HTTP reply", ""},
	} {
		url := rawServer(t, func(conn net.Conn, in *bufio.Reader, _ int) {
			if request(in) {
				conn.Write([]byte(c.reply))
			}
		})
		s := attackOf(t, url, testPlan(2))
		if len(s.Failures) != 1 {
			t.Errorf("%s: %+v", name, s.Failures)
			continue
		}
		f := &s.Failures[0]
		if f.Kind != result.KindBadReply || !strings.HasPrefix(f.Message.String(), c.message) || !strings.Contains(f.Advice.String(), c.advice) || c.advice == "" && f.Advice.String() != "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestStreamAdvice: what is wrong with a stream has advice, of each kind its own.
func TestStreamAdvice(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range []string{
		result.KindStreamEmpty, result.KindStreamBroken, result.KindStreamError, result.KindStreamStalled, result.KindAnswerAborted, result.KindAnswerError, result.KindAnswerPage,
	} {
		said := remedyFor(kind, &streamError{kind, "x"}).String()
		if said == "" || seen[said] || causetest.DatabricksWords.MatchString(said) {
			t.Errorf("%s: %q", kind, said)
		}
		seen[said] = true
	}
	if !strings.Contains(remedies[result.KindStreamStalled].String(), "stream stall") {
		t.Errorf("%q does not name what decides it", remedies[result.KindStreamStalled])
	}
}

func quietLog() *log.Logger { return log.New(io.Discard, "", 0) }
