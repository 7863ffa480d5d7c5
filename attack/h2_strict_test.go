package attack

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"brunt/attack/result"
	"brunt/payloads"
)

// header sends a header of names and values, in pieces if it is large.
func (p *h2Peer) header(id uint32, end bool, namesAndValues ...string) {
	p.fields.Reset()
	for pair := range slices.Chunk(namesAndValues, 2) {
		p.encode.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	b := bytes.Clone(p.fields.Bytes())
	part := b[:min(len(b), 16<<10)]
	b = b[len(part):]
	p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: part, EndHeaders: len(b) == 0, EndStream: end})
	for len(b) > 0 {
		part, b = b[:min(len(b), 16<<10)], b[min(len(b), 16<<10):]
		p.WriteContinuation(id, len(b) == 0, part)
	}
}

// TestHTTP2Malformed has the first of five replies not be as HTTP/2 has it. That
// one fails, or the connection where nobody knows how to go on; the others are
// fine, and read by what the first one said of the header's table.
func TestHTTP2Malformed(t *testing.T) {
	t.Parallel()
	const ok, stream, connection = 0, 1, 2 // what it fails
	simple := func(namesAndValues ...string) func(p *h2Peer, id uint32) {
		return func(p *h2Peer, id uint32) {
			p.header(id, false, namesAndValues...)
			p.WriteData(id, true, []byte("hi"))
		}
	}
	status := func(s string) func(p *h2Peer, id uint32) { return simple(":status", s) }
	trailer := func(namesAndValues ...string) func(p *h2Peer, id uint32) {
		return func(p *h2Peer, id uint32) {
			p.header(id, false, ":status", "200")
			p.WriteData(id, false, []byte("hi"))
			p.header(id, true, namesAndValues...)
		}
	}
	setting := func(id http2.SettingID, value uint32) func(p *h2Peer, stream uint32) {
		return func(p *h2Peer, stream uint32) {
			p.WriteSettings(http2.Setting{ID: id, Val: value})
			p.reply(stream, "200", "hi", true)
		}
	}
	for _, c := range []struct {
		name  string
		first func(p *h2Peer, id uint32)
		fails int
	}{
		{"status 200", status("200"), ok},
		{"status +200", status("+200"), stream},
		{"status 0200", status("0200"), stream},
		{"status 20", status("20"), stream},
		{"status 099", status("099"), stream},
		{"status 101", status("101"), stream},
		{"status 200 OK", status("200 OK"), stream},
		{"status of nothing", status(""), stream},
		{"two statuses", simple(":status", "200", ":status", "200"), stream},
		{"no status", simple("a", "b"), stream},
		{"status last", simple("a", "b", ":status", "200"), stream},
		{"path in a reply", simple(":status", "200", ":path", "/"), stream},
		{"unknown pseudo-header", simple(":status", "200", ":what", "x"), stream},
		{"hint with a wrong status", func(p *h2Peer, id uint32) {
			p.header(id, false, ":status", "1e2")
			p.reply(id, "200", "hi", true)
		}, stream},
		{"a length", simple(":status", "200", "content-length", "2"), ok},
		{"two equal lengths", simple(":status", "200", "content-length", "2", "content-length", "2"), ok},
		{"two lengths", simple(":status", "200", "content-length", "2", "content-length", "3"), stream},
		{"two lengths, the last one right", simple(":status", "200", "content-length", "3", "content-length", "2"), stream},
		{"length +2", simple(":status", "200", "content-length", "+2"), stream},
		{"length -2", simple(":status", "200", "content-length", "-2"), stream},
		{"length 2, 2", simple(":status", "200", "content-length", "2, 2"), stream},
		{"length of nothing", simple(":status", "200", "content-length", ""), stream},
		{"length without end", simple(":status", "200", "content-length", "99999999999999999999"), stream},
		{"body too short", simple(":status", "200", "content-length", "3"), stream},
		{"body too long, without an end", func(p *h2Peer, id uint32) {
			p.header(id, false, ":status", "200", "content-length", "1")
			p.WriteData(id, false, []byte("hi"))
		}, stream},
		{"body of 204", simple(":status", "204"), stream},
		{"body of 304", simple(":status", "304"), stream},
		{"upper case", simple(":status", "200", "Content-Type", "text/plain"), stream},
		{"a blank in a name", simple(":status", "200", "content type", "text/plain"), stream},
		{"a colon in a name", simple(":status", "200", "a:b", "c"), stream},
		{"a name of nothing", simple(":status", "200", "", "c"), stream},
		{"a line end in a value", simple(":status", "200", "a", "b\r\nc: d"), stream},
		{"a zero in a value", simple(":status", "200", "a", "b\x00"), stream},
		{"connection", simple(":status", "200", "connection", "keep-alive"), stream},
		{"transfer-encoding", simple(":status", "200", "transfer-encoding", "chunked"), stream},
		{"upgrade", simple(":status", "200", "upgrade", "h2c"), stream},
		{"keep-alive", simple(":status", "200", "keep-alive", "timeout=5"), stream},
		{"large header", simple(":status", "200", "a", strings.Repeat("x", 60<<10)), ok},
		{"larger header", simple(":status", "200", "a", strings.Repeat("x", 70<<10)), stream},
		{"much larger header", simple(":status", "200", "a", strings.Repeat("x", 500<<10)), stream},
		{"many headers", simple(append([]string{":status", "200"}, strings.Split(strings.Repeat("name,value,", 20_000)+"a,b", ",")...)...), stream},
		{"header without end", func(p *h2Peer, id uint32) {
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}})
			for p.WriteContinuation(id, false, nil) == nil {
			}
		}, connection},
		{"trailer", trailer("grpc-status", "0"), ok},
		{"trailer with a status", trailer(":status", "200"), stream},
		{"trailer in upper case", trailer("Grpc-Status", "0"), stream},
		{"trailer that ends nothing", func(p *h2Peer, id uint32) {
			p.header(id, false, ":status", "200")
			p.header(id, false, "a", "b")
		}, stream},
		{"padded", func(p *h2Peer, id uint32) {
			p.header(id, false, ":status", "200", "content-length", "2")
			p.WriteDataPadded(id, true, []byte("hi"), make([]byte, 100))
		}, ok},
		{"its window widened too far", func(p *h2Peer, id uint32) { p.WriteWindowUpdate(id, 1<<31-1) }, stream},
		{"its window widened by nothing", func(p *h2Peer, id uint32) { p.WriteRawFrame(http2.FrameWindowUpdate, 0, id, make([]byte, 4)) }, stream},
		{"the window widened too far", func(p *h2Peer, _ uint32) { p.WriteWindowUpdate(0, 1<<31-1) }, connection},
		{"windows too large", func(p *h2Peer, id uint32) {
			p.WriteWindowUpdate(id, 1<<20)
			p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1<<31 - 1})
		}, connection},
		{"smaller windows", setting(http2.SettingInitialWindowSize, 100), ok},
		{"fewer streams", setting(http2.SettingMaxConcurrentStreams, 1), ok},
		{"a smaller table", setting(http2.SettingHeaderTableSize, 0), ok},
		{"an unknown setting", setting(4711, 1), ok},
		{"a push allowed", setting(http2.SettingEnablePush, 1), connection},
		{"frames of nothing", func(p *h2Peer, _ uint32) {
			p.WriteRawFrame(http2.FrameSettings, 0, 0, []byte{0, 5, 0, 0, 0, 0})
		}, connection},
		{"an unknown frame", func(p *h2Peer, id uint32) {
			p.WriteRawFrame(0xfa, 0, id, []byte("what?"))
			p.reply(id, "200", "hi", true)
		}, ok},
		{"a frame of a stream that never was", func(p *h2Peer, id uint32) { p.WriteRSTStream(id+1000, http2.ErrCodeCancel) }, connection},
		{"a window of a stream that never was", func(p *h2Peer, id uint32) { p.WriteWindowUpdate(id+1000, 1) }, connection},
		{"a stream of its own", func(p *h2Peer, id uint32) { p.header(2, true, ":status", "200") }, connection},
		{"a push", func(p *h2Peer, id uint32) {
			p.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, BlockFragment: []byte{0x82}, EndHeaders: true})
		}, connection},
		{"reset after its end", func(p *h2Peer, id uint32) {
			p.reply(id, "200", "hi", true)
			p.WriteRSTStream(id, http2.ErrCodeNo)
		}, ok},
		{"a table that is wrong", func(p *h2Peer, id uint32) {
			p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0xff, 0xff, 0x7f}, EndHeaders: true})
		}, connection},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, arrived := h2Raw(t, func(p *h2Peer, id uint32, n int) bool {
				p.AllowIllegalWrites = true
				if p.number == 0 && n == 1 {
					c.first(p, id)
					return true
				}
				p.reply(id, "200", "hi", true)
				return true
			})
			plan := h2Plan(5)
			plan.Concurrency = 1
			plan.Success[204], plan.Success[304] = true, true
			s := h2Run(t, url, plan, payloads.Single("test", body))
			failed := uint64(min(c.fails, 1))
			if s.Counts.Succeeded != 5-failed || countOf(s, result.KindBadReply) != failed || arrived.Load() != 5 || s.Counts.Connections != uint64(max(c.fails, 1)) {
				t.Errorf("%d arrived; %+v %+v", arrived.Load(), s.Counts, s.Failures)
			}
		})
	}
}

// TestHTTP2Floods has an endpoint send what costs its client more than itself,
// without end: its requests come to an end all the same.
func TestHTTP2Floods(t *testing.T) {
	t.Parallel()
	for name, flood := range map[string]func(p *h2Peer, id uint32) error{
		"pings":         func(p *h2Peer, _ uint32) error { return p.WritePing(false, [8]byte{}) },
		"settings":      func(p *h2Peer, _ uint32) error { return p.WriteSettings() },
		"resets":        func(p *h2Peer, id uint32) error { return p.WriteRSTStream(id, http2.ErrCodeCancel) },
		"empty data":    func(p *h2Peer, id uint32) error { return p.WriteData(id, false, nil) },
		"windows":       func(p *h2Peer, id uint32) error { return p.WriteRawFrame(0xfb, 0, id, nil) },
		"hints":         func(p *h2Peer, id uint32) error { p.header(id, false, ":status", "103"); return nil },
		"continuations": func(p *h2Peer, id uint32) error { return p.WriteContinuation(id, false, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _ := h2Raw(t, func(p *h2Peer, id uint32, _ int) bool {
				p.AllowIllegalWrites = true
				if name == "continuations" {
					p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: []byte{0x88}})
				}
				for range 50_000 {
					if flood(p, id) != nil {
						return false
					}
				}
				p.reply(id, "200", "hi", true)
				return true
			})
			p := h2Plan(2)
			p.Concurrency = 1
			if s := h2Run(t, url, p, payloads.Single("test", body)); s.Counts.Succeeded+s.Counts.Failed != 2 {
				t.Errorf("%+v %+v", s.Counts, s.Failures)
			}
		})
	}
}
