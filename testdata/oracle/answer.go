package main

import (
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is what the oracle did with a request.
type answer uint8

const (
	fine answer = iota
	slow
	busy        // 429
	unavailable // 503 with Retry-After
	reset       // RST, no reply
	halfClose   // FIN, no reply
	garbage     // what is no HTTP
	cut         // FIN in mid-body
	unanswered  // came on a connection on which no more replies go out
	malformed   // incomplete, or no index where one should be
)

var names = []string{"ok", "slow", "429", "503", "reset", "halfclose", "garbage", "cut", "unanswered", "malformed"}

func (a answer) String() string { return names[a] }

// faults draws answers by their shares.
type faults []struct {
	below float64 // cumulative share
	as    answer
}

// parseFaults reads "reset=0.01,slow=0.02".
func parseFaults(words string) (faults, error) {
	var list faults
	sum := 0.0
	for word := range strings.SplitSeq(words, ",") {
		if word == "" {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		share, err := strconv.ParseFloat(value, 64)
		kind := slices.Index(names[:unanswered], name)
		if err != nil || kind < 0 || share < 0 || sum+share > 1.000001 {
			return nil, fmt.Errorf(
				"-faults %q: write it as NAME=SHARE with one of %v and shares up to 1",
				word,
				names[:unanswered],
			)
		}
		sum += share
		list = append(list, struct {
			below float64
			as    answer
		}{sum, answer(kind)})
	}
	return list, nil
}

// draw picks the answer to an index, and by its place in the log to a request
// without one.
func (f faults) draw(index uint32, slot uint64) answer {
	if len(f) == 0 {
		return fine
	}
	seed := uint64(index)
	if index == noIndex {
		seed = slot
	}
	at := float64(mix(seed)) / math.MaxUint64
	for _, one := range f {
		if at < one.below {
			return one.as
		}
	}
	return fine
}

// mix is splitmix64's finaliser.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func status(line, headers, body string) []byte {
	return fmt.Appendf(
		nil,
		"HTTP/1.1 %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		line,
		headers,
		len(body),
		body,
	)
}

var (
	okReply          = status("200 OK", "", `{"predictions":[1]}`)
	lastReply        = status("200 OK", "Connection: close\r\n", `{"predictions":[1]}`)
	busyReply        = status("429 Too Many Requests", "Retry-After: 0\r\n", `{"message":"too many"}`)
	unavailableReply = status("503 Service Unavailable", "Retry-After: 0\r\n", `{"message":"away"}`)
	garbageReply     = []byte("what was the question?\r\n\r\n")
)

// answer replies, or does not; false means that no further reply may go out on
// the connection.
func (s *server) answer(c *connection, as answer, last bool) (open bool) {
	if s.delay > 0 {
		time.Sleep(s.delay)
	}
	reply := okReply
	if last {
		reply = lastReply
	}
	switch as {
	case slow:
		time.Sleep(s.slow)
	case busy:
		reply = busyReply
	case unavailable:
		reply = unavailableReply
	case reset:
		if tcp, ok := c.stream.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // the close that follows is a reset
		}
		return false
	case halfClose:
		_ = c.CloseWrite()
		return false
	case garbage:
		_, _ = c.Write(garbageReply)
		return false
	case cut:
		_, _ = c.Write(reply[:len(reply)-4])
		_ = c.CloseWrite()
		return false
	}
	if s.small {
		reply = reply[:strings.Index(string(reply), "\r\n\r\n")+4]
	}
	_, err := c.Write(reply)
	return err == nil
}
