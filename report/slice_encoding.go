package report

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
)

// sameAsResponse is the JSON of service times that are the response times, as in a
// closed loop.
const sameAsResponse = `"="`

// plainSlice is a Slice with the JSON of its fields.
type plainSlice Slice

// MarshalJSON implements json.Marshaler.
func (s Slice) MarshalJSON() ([]byte, error) {
	out := struct {
		plainSlice
		Service any `json:"service"`
	}{plainSlice(s), s.Service}
	if s.sameService() {
		out.Service = json.RawMessage(sameAsResponse)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Slice) UnmarshalJSON(text []byte) error {
	in := struct {
		*plainSlice
		Service json.RawMessage `json:"service"`
	}{plainSlice: (*plainSlice)(s)}
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	s.Names, s.Kinds = NotNil(s.Names), NotNil(s.Kinds)
	if string(in.Service) == sameAsResponse {
		s.Service = s.Response
		return nil
	}
	if len(in.Service) == 0 {
		return nil
	}
	return s.Service.UnmarshalJSON(in.Service)
}

// sameService reports whether service times are the response times.
func (s *Slice) sameService() bool {
	return s.Response.total > 0 && bytes.Equal(s.Response.code, s.Service.code)
}

// MarshalJSON implements json.Marshaler.
func (n SliceName) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{
		n.Index, n.Sent, n.Succeeded, n.Failed, n.CutOff, n.BytesIn, n.BytesOut, n.OutputTokens, n.Response,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *SliceName) UnmarshalJSON(text []byte) error {
	return unmarshalList(text, &n.Index, &n.Sent, &n.Succeeded, &n.Failed, &n.CutOff, &n.BytesIn, &n.BytesOut, &n.OutputTokens, &n.Response)
}

// MarshalJSON implements json.Marshaler.
func (k KindCount) MarshalJSON() ([]byte, error) { return json.Marshal([]any{k.Index, k.Count}) }

// UnmarshalJSON reads what MarshalJSON wrote.
func (k *KindCount) UnmarshalJSON(text []byte) error { return unmarshalList(text, &k.Index, &k.Count) }

// unmarshalList reads a list of as many values.
func unmarshalList(text []byte, into ...any) error {
	var list []json.RawMessage
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	if len(list) != len(into) {
		return fmt.Errorf("a list of %d values has %d", len(into), len(list))
	}
	for i, to := range into {
		if err := json.Unmarshal(list[i], to); err != nil {
			return err
		}
	}
	return nil
}

func encodeBuckets(list Buckets) SliceBuckets {
	var b SliceBuckets
	next := uint64(0)
	for _, x := range list {
		switch gap := x.Index - next; {
		case x.Count == 1:
			b.code = binary.AppendUvarint(b.code, 2*gap)
		case gap == 0:
			b.code = binary.AppendUvarint(b.code, 4*(x.Count-2)+3)
		default:
			b.code = binary.AppendUvarint(binary.AppendUvarint(b.code, 4*gap+1), x.Count)
		}
		next = x.Index + 1
		b.total += x.Count
	}
	b.code = slices.Clip(b.code)
	return b
}

// Open gives the buckets, lowest first.
func (b SliceBuckets) Open() Buckets {
	list, _ := decodeBuckets(b.code) // was encoded here, or checked when it was read
	return list
}

func decodeBuckets(in []byte) (list Buckets, err error) {
	next := uint64(0)
	for len(in) > 0 {
		x, n := binary.Uvarint(in)
		if n <= 0 || x > 1<<50 {
			return nil, errBuckets
		}
		in = in[n:]
		gap, count := x/2, uint64(1)
		switch x % 4 {
		case 3:
			gap, count = 0, x/4+2
		case 1:
			gap = x / 4
			if count, n = binary.Uvarint(in); n <= 0 || count < 2 || count > 1<<48 {
				return nil, errBuckets
			}
			in = in[n:]
		}
		index := next + gap
		if index > maxBucket {
			return nil, errBuckets
		}
		list = append(list, Bucket{index, count})
		next = index + 1
	}
	return list, nil
}

// MarshalJSON implements json.Marshaler.
func (b SliceBuckets) MarshalJSON() ([]byte, error) {
	if len(b.code) == 0 {
		return []byte("null"), nil
	}
	return append(base64.RawStdEncoding.AppendEncode([]byte{'"'}, b.code), '"'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *SliceBuckets) UnmarshalJSON(text []byte) error {
	*b = SliceBuckets{}
	if string(text) == "null" {
		return nil
	}
	if len(text) < 2 || text[0] != '"' {
		return fmt.Errorf("buckets are text in base64, not %.20q", text)
	}
	code, err := base64.RawStdEncoding.DecodeString(string(text[1 : len(text)-1]))
	if err != nil {
		return fmt.Errorf("buckets cannot be decoded: %w", err)
	}
	list, err := decodeBuckets(code)
	*b = encodeBuckets(list)
	return err
}
