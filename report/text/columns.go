package text

import (
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"brunt/report/format"
)

// maxText is the most columns that foreign text takes of a report, on as many lines
// as that needs; what is useful is shorter.
const maxText = 800

// maxCell is the most columns that it takes of one cell of a table: more than
// the longest message of a failure.
const maxCell = 320

// column is one column of a table with as many cells as the table has rows.
type column struct {
	head  string
	cells []string
	right bool // figures, aligned on the right
	drop  int  // where space is short, columns go in this order from 1; 0 stays
	least int  // a column with foreign text is narrowed down to this width first, its cells then of several lines; 0 is not
}

func (c *column) width() int {
	w := format.Width(c.head)
	for _, cell := range c.cells {
		w = max(w, format.Width(cell))
	}
	return w
}

// fit drops and narrows columns until they stand side by side, two spaces apart,
// within width.
func fit(columns []column, width int) []column {
	columns = slices.Clone(columns)
	for {
		room, next := width+2, -1
		for i := range columns {
			c := &columns[i]
			least := c.width()
			if c.least > 0 {
				least = min(least, c.least)
			}
			room -= least + 2
			if c.drop > 0 && (next < 0 || c.drop < columns[next].drop) {
				next = i
			}
		}
		if room >= 0 || next < 0 {
			spread(columns, room)
			return columns
		}
		columns = slices.Delete(columns, next, next+1)
	}
}

// spread narrows the columns of foreign text to their least width plus the room
// that is left, from left to right.
func spread(columns []column, room int) {
	for i := range columns {
		c := &columns[i]
		full := c.width()
		if c.least == 0 || full <= c.least {
			continue
		}
		target := min(full, c.least+max(room, 0))
		room -= target - c.least
		cells := make([]string, len(c.cells))
		for j, cell := range c.cells {
			cells[j] = strings.Join(format.Wrap(cell, target), "\n")
		}
		c.cells = cells
	}
}

// cellsOf is one line of a row's cells; more tells whether any goes on.
func cellsOf(columns []column, row, line int) (cells []string, more bool) {
	for _, c := range columns {
		parts := strings.Split(c.cells[row], "\n")
		cell := ""
		if line < len(parts) {
			cell = parts[line]
		}
		cells, more = append(cells, cell), more || line+1 < len(parts)
	}
	return cells, more
}

// lines lays the columns out, without borders; the header is left out where
// no column has one.
func lines(columns []column) []string {
	if len(columns) == 0 || len(columns[0].cells) == 0 {
		return nil
	}
	var b strings.Builder
	align, heads := tw.Alignment{}, []string{}
	for _, c := range columns {
		heads = append(heads, c.head)
		if c.right {
			align = append(align, tw.AlignRight)
		} else {
			align = append(align, tw.AlignLeft)
		}
	}
	table := tablewriter.NewTable(&b,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders:  tw.BorderNone,
			Settings: tw.Settings{Separators: tw.SeparatorsNone, Lines: tw.LinesNone},
		})),
		tablewriter.WithHeaderAutoFormat(tw.Off), tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off), tablewriter.WithAlignment(align),
		tablewriter.WithPadding(tw.Padding{Right: "  ", Overwrite: true}),
	)
	if strings.Join(heads, "") != "" {
		table.Header(heads)
	}
	for row := range columns[0].cells {
		for more, line := true, 0; more; line++ {
			var cells []string
			if cells, more = cellsOf(columns, row, line); line > 0 && strings.Join(cells, "") == "" {
				break
			}
			if err := table.Append(cells); err != nil {
				return []string{err.Error()}
			}
		}
	}
	if err := table.Render(); err != nil {
		return []string{err.Error()}
	}
	out := strings.Split(strings.TrimRight(b.String(), " \n"), "\n")
	for i := range out {
		out[i] = strings.TrimRight(out[i], " ")
	}
	return out
}
