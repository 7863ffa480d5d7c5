package attack

import (
	"errors"
	"io"
	"testing"

	"brunt/attack/poll"
)

// TestReceivedIsReadInOrder: what came in pieces is read in any portions, before and after
// their memory is used again, and then the end, for good.
func TestReceivedIsReadInOrder(t *testing.T) {
	for most := 1; most <= 7; most++ {
		for kept := range 7 { // portions until the rest is kept
			memory := []byte("abcdefgh")
			r := received{pieces: []poll.Event{{Data: memory[:3]}, {}, {Data: memory[3:5]}, {Data: memory[5:], End: io.EOF}}}
			got := ""
			var err error
			for i := 0; err == nil; i++ {
				if i == kept {
					r.keepRest()
					copy(memory, "--------")
				}
				var p []byte
				p, err = r.next(most)
				if len(p) > most {
					t.Fatalf("%d bytes, not %d at most", len(p), most)
				}
				got += string(p)
			}
			if _, again := r.next(most); got != "abcdefgh" || err != io.EOF || again != io.EOF || !r.any() {
				t.Fatalf("%d at a time, kept after %d: %q, %v, %v", most, kept, got, err, again)
			}
		}
	}
	var none received
	if _, err := none.next(1); !errors.Is(err, errWouldBlock) || none.any() {
		t.Errorf("of nothing: %v", err)
	}
}

// TestParkedConnectionIsSpoiled by what came on it: nobody has read it, so that the
// connection must not be used again.
func TestParkedConnectionIsSpoiled(t *testing.T) {
	parked, other := &connection{generation: 7}, &connection{generation: 8}
	s := &slot{parked: []parkedConn{{1, other}, {2, parked}}}
	l := &loop{slots: []*slot{nil, s}}
	l.handleReceived([]poll.Event{
		{Number: 0, Generation: 7, Data: []byte("x")},
		{Number: 1, Generation: 8, Writable: true},
		{Number: 1, Generation: 7, Data: []byte("HTTP/1.1 408 Request Timeout\r\n\r\n")},
	})
	if !parked.spoiled || other.spoiled {
		t.Errorf("spoiled: %t, and the other one %t", parked.spoiled, other.spoiled)
	}
	parked.by = &ringOfNothing{}
	if !parked.stale(parked.lastUse, false) {
		t.Error("it is used again")
	}
}

// ringOfNothing is a receiver that knows of no news.
type ringOfNothing struct{ poll.Receiver }

func (*ringOfNothing) News(poll.Socket) bool { return false }
