package payloads

import (
	"fmt"
	"sync"
	"sync/atomic"

	"brunt/payloads/compose"
	"brunt/payloads/file"
	"brunt/payloads/inference"
	"brunt/payloads/jsonscan"
	"brunt/payloads/setting"
	"brunt/payloads/splice"
)

// indexer fills in where the bodies of one file are, and checks them, chunk
// by chunk and in parallel.
type indexer struct {
	src     *source
	format  Format
	names   *interner
	limit   int
	splice  []splice.Finder
	reports []report // one per chunk
	// full is the first chunk known to have as many problems as are wanted:
	// those behind it need only count theirs.
	full    atomic.Int64
	readers []*requestReader // one per worker
	coding  compose.Coding

	makePlaces, makePaths sync.Once
}

// report is what one chunk has to tell when it is done.
type report struct {
	problems []error // the first ones, up to the limit
	more     int
	maxBody  int
	weights  []uint32   // of its lines; nil when all weigh 1
	turns    []turnLine // what its lines say of sessions; nil when none does
	times    []int64    // when the requests of its lines came; nil when none says so
}

func newIndexer(s *source, o Options, names *interner, limit int) *indexer {
	x := &indexer{src: s, format: o.Format, names: names, limit: limit, splice: o.splicers(), coding: o.Coding,
		reports: make([]report, len(s.chunks))}
	x.full.Store(int64(len(s.chunks)))
	for range processors() {
		rd := newRequestReader(names, s.maker, o.Coding)
		rd.bare = o.bare
		x.readers = append(x.readers, rd)
	}
	n := bodies(s.chunks)
	s.spans = make([]span, n)
	if o.Format == RequestFormat {
		s.variants = make([]uint16, n)
	}
	if x.splice != nil {
		s.splices = make([]splice.List, n)
	}
	return x
}

func (x *indexer) run(found *problemList) error {
	if err := inParallel(len(x.readers), len(x.src.chunks), x.fill); err != nil {
		return err
	}
	weighted := false
	for _, r := range x.reports {
		for _, p := range r.problems {
			found.add(p)
		}
		found.more += r.more
		x.src.maxBody = max(x.src.maxBody, r.maxBody)
		weighted = weighted || r.weights != nil
	}
	if weighted {
		x.addWeights()
	}
	x.addTimes()
	x.addTurns(found)
	return nil
}

// fill indexes the bodies of chunk k as that worker.
func (x *indexer) fill(worker, k int) error {
	c, r := &x.src.chunks[k], &x.reports[k]
	body := c.firstBody
	for at := c.start; at < c.end; {
		line, next := x.cut(c, at)
		if !file.IsBlank(line) {
			if body == c.firstBody+c.bodies {
				return x.src.unstable()
			}
			what, err := x.line(x.readers[worker], k, body, at, line)
			if err != nil {
				return x.src.wrong(err.Error())
			}
			problem := setting.Plain(what)
			if what == "" && x.splice != nil {
				problem = x.findSplices(body)
			}
			if !problem.Empty() {
				x.report(k, r, x.src.problem(c, at, problem))
			}
			r.maxBody = max(r.maxBody, x.src.sentLength(body))
			body++
		}
		at = next
	}
	if body != c.firstBody+c.bodies {
		return x.src.unstable()
	}
	return nil
}

// cut returns the line at an offset. A document is one line, whatever line
// ends it has inside.
func (x *indexer) cut(c *chunk, at int) (line []byte, next int) {
	if x.src.document {
		return x.src.data[c.start:c.end], c.end
	}
	return file.CutLine(x.src.data, at)
}

// report keeps a problem as long as it can be among the first ones.
func (x *indexer) report(k int, r *report, problem error) {
	if len(r.problems) >= x.limit || int64(k) > x.full.Load() {
		r.more++
		return
	}
	r.problems = append(r.problems, problem)
	if len(r.problems) < x.limit {
		return
	}
	for {
		full := x.full.Load()
		if int64(k) >= full || x.full.CompareAndSwap(full, int64(k)) {
			return
		}
	}
}

// line indexes one line and says what is wrong with it, or "". The error is
// for a file that cannot be used at all.
func (x *indexer) line(rd *requestReader, k, body, at int, line []byte) (string, error) {
	if len(line) > file.MaxBody {
		return fmt.Sprintf("%d bytes; a line may have 67,108,863 (64 MiB less one)", len(line)), nil
	}
	x.src.spans[body] = newSpan(at, len(line))
	if x.format == RequestFormat {
		return x.request(rd, k, body, at, line)
	}
	if !jsonscan.Valid(line) {
		return jsonscan.LineFault(line), nil
	}
	if x.coding == "" {
		return "", nil
	}
	place, what, err := rd.composer.JSON(line, x.coding)
	x.place(body, place)
	return what, err
}

// request indexes a line in the request format and says what is wrong with it,
// or "".
func (x *indexer) request(rd *requestReader, k, body, at int, line []byte) (string, error) {
	if what, err := rd.read(line); what != "" || err != nil {
		return what, err
	}
	place, made, what, err := rd.compose(line)
	if what != "" || err != nil {
		return what, err
	}
	if x.src.spans[body] = newSpan(at+rd.offset, rd.length); rd.kind != bodyMember {
		x.src.spans[body] = newSpan(at, 0)
	}
	if made {
		x.place(body, place)
	}
	if err := x.placePath(rd, body, at); err != nil {
		return "", err
	}
	if err := rd.internVariant(); err != nil {
		return "", err
	}
	x.src.variants[body] = rd.variant
	r, c := &x.reports[k], &x.src.chunks[k]
	if rd.weight != 1 && r.weights == nil {
		r.weights = make([]uint32, c.bodies)
		for i := range r.weights {
			r.weights[i] = 1
		}
	}
	if r.weights != nil {
		r.weights[body-c.firstBody] = rd.weight
	}
	if rd.at != inference.NoTime && r.times == nil {
		r.times = noTimes(c.bodies)
	}
	if r.times != nil {
		r.times[body-c.firstBody] = rd.at
	}
	if rd.turn.session != 0 && r.turns == nil {
		r.turns = make([]turnLine, c.bodies)
	}
	if r.turns != nil {
		t := &r.turns[body-c.firstBody]
		if *t = rd.turn; rd.replyLength > 0 {
			t.reply = newSpan(at+rd.replyAt, rd.replyLength)
		}
	}
	return "", nil
}

// unstable is the error for a file that another program is writing to.
func (s *source) unstable() error {
	return s.wrong("changed while being read; wait until it is complete, and run again")
}
