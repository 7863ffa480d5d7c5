package histogram

import "time"

const (
	// gapsPage is how many buckets a page of gaps has.
	gapsPage = 256
	// maxKeptPages is the most pages that are kept from one stream to the next.
	maxKeptPages = 16
)

// Gaps is a histogram (see New) of one stream's gaps. Only a success
// is counted, and whether a stream is one shows at its end: until then they are
// kept here. There are few different ones, so that the pages are made as they
// are needed; all of them are 260 KB.
type Gaps struct {
	pages     []*[gapsPage]int64 // none before the first gap
	pagesMade int                // pages that there are
	used      bool               // there has been a gap since the reset
	clamped   uint64             // of them, those beyond Max
}

// Reset forgets the last stream's. A few pages stay for the next one, so that
// one long stream after the other leaves no garbage.
func (g *Gaps) Reset() {
	switch {
	case !g.used:
	case g.pagesMade > maxKeptPages:
		*g = Gaps{}
	default:
		for _, page := range g.pages {
			if page != nil {
				clear(page[:])
			}
		}
		g.used, g.clamped = false, 0
	}
}

// Add counts gaps.
func (g *Gaps) Add(all []time.Duration) {
	if g.pages == nil {
		g.pages = make([]*[gapsPage]int64, bucketCount/gapsPage+1)
	}
	g.used = true
	for _, gap := range all {
		ns := int64(gap)
		if held := min(max(ns, 0), Max); held != ns {
			ns = held
			g.clamped++
		}
		index := indexOf(ns)
		page := g.pages[index/gapsPage]
		if page == nil {
			page = new([gapsPage]int64)
			g.pages[index/gapsPage] = page
			g.pagesMade++
		}
		page[index%gapsPage]++
	}
}

// AddTo adds g to b and returns how many of its gaps were clamped.
func (g *Gaps) AddTo(b *Buckets) (clamped uint64) {
	if !g.used {
		return 0
	}
	for i, page := range g.pages {
		if page == nil {
			continue
		}
		for k, n := range page {
			if n != 0 {
				b.counts[i*gapsPage+k] += n
				b.count += n
			}
		}
	}
	return g.clamped
}
