package result

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// Add adds the delays of another client, as though one had looked at both.
func (d *Delays) Add(o *Delays) {
	for class, n := range o.counts {
		d.counts[class] += n
	}
	if o.total == 0 {
		return
	}
	if d.total > 0 {
		d.clients = d.watched() + o.watched()
	} else {
		d.clients = o.clients
	}
	d.total += o.total
	d.longest = max(d.longest, o.longest)
}

// MarshalBinary writes the delays as bytes, some hundred. The error is nil.
func (d Delays) MarshalBinary() ([]byte, error) {
	b := binary.AppendUvarint(nil, uint64(d.clients))
	b = binary.AppendUvarint(b, uint64(d.longest))
	next := 0
	for class, n := range d.counts {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(class-next))
			b = binary.AppendUvarint(b, uint64(n))
			next = class + 1
		}
	}
	return b, nil
}

var errNoDelays = errors.New("no delays: their classes and counts do not add up")

// UnmarshalBinary reads what MarshalBinary wrote.
func (d *Delays) UnmarshalBinary(b []byte) error {
	*d = Delays{}
	clients, n := binary.Uvarint(b)
	if n <= 0 || clients > math.MaxInt32 {
		return errNoDelays
	}
	d.clients, b = int(clients), b[n:]
	longest, n := binary.Uvarint(b)
	if n <= 0 || int64(longest) < 0 {
		return errNoDelays
	}
	d.longest, b = time.Duration(longest), b[n:]
	for next := uint64(0); len(b) > 0; next++ {
		gap, n := binary.Uvarint(b)
		if n <= 0 || gap >= delayRoom-min(next, delayRoom) {
			return errNoDelays
		}
		count, m := binary.Uvarint(b[n:])
		if m <= 0 || count == 0 || uint64(uint32(count)) != count {
			return errNoDelays
		}
		next += gap
		d.counts[next], d.total, b = uint32(count), d.total+count, b[n+m:]
	}
	return nil
}
