package stat

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"brunt/payloads/file"
	"brunt/payloads/shape"
	"brunt/payloads/show"
)

// Write writes descriptions for people, or as JSON:
// {"schema":1,"files":[…]}.
func Write(w io.Writer, list []File, asJSON bool) error {
	if asJSON {
		return show.EncodeJSON(w, struct {
			Schema int    `json:"schema"`
			Files  []File `json:"files"`
		}{1, list})
	}
	for i, s := range list {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := s.WriteText(w); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes the description for people, in a few lines.
func (s File) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s\n", file.Display(s.File), show.Counted(s.Lines, "body", "bodies"),
		show.Counted(int(s.Bytes), "byte", "bytes"))
	fmt.Fprintf(&b, "sha256 %s\n\n", s.SHA256)
	s.writeSizes(&b)
	s.writeKinds(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s File) writeSizes(b *strings.Builder) {
	var cells strings.Builder
	table := tabwriter.NewWriter(&cells, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "min\tmean\tp50\tp90\tp99\tmax\t\n")
	z := s.BodyBytes
	for _, size := range []int{z.Min, int(z.Mean + 0.5), z.P50, z.P90, z.P99, z.Max} {
		fmt.Fprintf(table, "%s\t", show.Grouped(size))
	}
	fmt.Fprint(table, "\n")
	table.Flush() // into memory: cannot fail
	const label = "body bytes"
	head, row, _ := strings.Cut(strings.TrimSuffix(cells.String(), "\n"), "\n")
	fmt.Fprintf(b, "%*s%s\n%s%s\n\n", len(label), "", head, label, row)
}

func (s File) writeKinds(b *strings.Builder) {
	const widest = len(shape.DataframeRecords)
	digits := 0
	for _, k := range s.Kinds {
		digits = max(digits, len(show.Grouped(k.Lines)))
	}
	for _, k := range s.Kinds {
		fmt.Fprintf(b, "%-*s  %*s  %8s", widest, k.Kind, digits, show.Grouped(k.Lines), percent(k.Share))
		if k.Streaming != nil {
			fmt.Fprintf(b, ", %s of them with stream true", show.Grouped(*k.Streaming))
		}
		b.WriteByte('\n')
	}
}

// percent rounds a share to one digit, but never to all or nothing when it is
// neither.
func percent(share float64) string {
	switch {
	case share < 0.001 && share > 0:
		return "< 0.1 %"
	case share > 0.999 && share < 1:
		return "> 99.9 %"
	}
	return strconv.FormatFloat(100*share, 'f', 1, 64) + " %"
}
