package figure

// Figure is one distribution of times.
type Figure uint8

// The figures, each with what it measures. All are counted in nanoseconds, warm-up
// excluded.
const (
	Response     Figure = iota // last byte of the reply − planned instant
	Service                    // last byte of the reply − first byte sent
	FirstByte                  // first byte of the reply − first byte sent
	Failed                     // end of a failed request − planned instant
	Connect                    // TCP connect
	TLS                        // TLS handshake
	Lateness                   // attempt begun − planned instant
	SlotWait                   // of Lateness, the requests that waited for a slot: no fault of the client's
	TTFT                       // first output − first byte sent
	ResponseTTFT               // first output − planned instant
	FirstChunk                 // first valid chunk, which may be without output − first byte sent
	TPOT                       // (last output − first output) / (output tokens − 1)
	InterChunk                 // gaps between successive chunks with output, all of them
	EndToEnd                   // last output − first byte sent
	FirstVisible               // first output that is no reasoning − first byte sent

	Len // how many figures there are: the length of an array by Figure
)

// Samples says of what a figure has one sample each.
type Samples uint8

// What samples are of.
const (
	Successes    Samples = iota
	Failures             // requests that failed
	Sent                 // requests that were sent and have ended, whatever became of them
	Connections          // connections opened
	Handshakes           // connections opened with TLS
	Streams              // successes that were streams of events
	Spoken               // streams with output
	Shown                // streams with output that is no reasoning
	Paced                // streams with two tokens or more, in two chunks or more
	Gaps                 // gaps between the chunks of streams
	internalOnly         // what no report shows
)

// row is what there is to know of a figure.
type row struct {
	name    string // in rules and in JSON
	samples Samples
	meaning string // one sentence
}

var rows = [Len]row{
	Response:     {"response", Successes, "From the planned instant to the last byte of the reply, of successes."},
	Service:      {"service", Successes, "From the first byte sent to the last byte of the reply, of successes."},
	FirstByte:    {"first_byte", Successes, "From the first byte sent to the first byte of the reply, of successes."},
	Failed:       {"failed", Failures, "From the planned instant to the end, of failures."},
	Connect:      {"connect", Connections, "TCP connect, of connections opened."},
	TLS:          {"tls", Handshakes, "TLS handshake, of connections opened."},
	Lateness:     {"lateness", Sent, "From the planned instant to the beginning of the attempt, of all sent."},
	SlotWait:     {"slot_wait", internalOnly, "Lateness of the requests that waited for a slot."},
	TTFT:         {"ttft", Spoken, "From the first byte sent to the first output."},
	ResponseTTFT: {"response_ttft", Spoken, "From the planned instant to the first output."},
	FirstChunk:   {"first_chunk", Streams, "From the first byte sent to the first chunk, which may be without output."},
	TPOT:         {"tpot", Paced, "From the first to the last output, by output tokens less one."},
	InterChunk:   {"inter_chunk", Gaps, "Between successive chunks with output, all gaps."},
	EndToEnd:     {"end_to_end", Spoken, "From the first byte sent to the last output."},
	FirstVisible: {"first_visible", Shown, "From the first byte sent to the first output that is no reasoning."},
}

// String is the figure's name in rules and in JSON: first_byte.
func (f Figure) String() string { return rows[f].name }

// Meaning is one sentence that says what the figure measures.
func (f Figure) Meaning() string { return rows[f].meaning }

// Samples says of what the figure has one sample each.
func (f Figure) Samples() Samples { return rows[f].samples }

// OfStreams reports whether only streams of events have the figure.
func (f Figure) OfStreams() bool {
	switch f.Samples() {
	case Streams, Spoken, Shown, Paced, Gaps:
		return true
	}
	return false
}

// OfRequests reports whether a single success has the figure, so that a bound on
// it says whether that request was good.
func (f Figure) OfRequests() bool {
	switch f.Samples() {
	case Successes, Sent:
		return true
	}
	return f.OfStreams()
}

// All are the figures that reports show, in the order of the constants.
func All() []Figure { return reported }

// Whole are those of All that need no stream, Streamed those that do.
func Whole() []Figure { return whole }

// Streamed are the figures of streams of events, in the order of the constants.
func Streamed() []Figure { return streamed }

var reported, whole, streamed = func() (all, whole, streamed []Figure) {
	for f := range Len {
		switch {
		case f.Samples() == internalOnly:
			continue
		case f.OfStreams():
			streamed = append(streamed, f)
		default:
			whole = append(whole, f)
		}
		all = append(all, f)
	}
	return all, whole, streamed
}()

// Parse finds a figure that reports show by its name.
func Parse(name string) (Figure, bool) {
	for _, f := range reported {
		if f.String() == name {
			return f, true
		}
	}
	return 0, false
}
