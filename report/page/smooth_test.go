package page

import (
	"fmt"
	"slices"
	"testing"

	"brunt/attack/quiet"
)

// dragging measures the time from frame to frame, first while nothing happens,
// then while a mouse drags over a chart, lets go (which zooms all of them) and
// shows the whole run again, twice; last, what a new zoom in each frame takes
// of an hour, and of its first minute.
const dragging = `(async () => {
  const over = document.querySelector("#latency .u-over");
  over.scrollIntoView({ block: "center" });
  const box = over.getBoundingClientRect();
  const mouse = (type, share, more) => (type === "mouseup" ? document : over).dispatchEvent(new MouseEvent(type, {
    bubbles: true, cancelable: true, view: window, button: 0, movementX: 1, clientX: box.left + box.width * share, clientY: box.top + box.height / 2, ...more }));
  const frame = () => new Promise(requestAnimationFrame);
  const timed = async (count, act) => {
    const times = [];
    for (let i = 0, last = await frame(); i < count; i++) {
      act(i);
      const now = await frame();
      times.push(now - last);
      last = now;
    }
    return times;
  };
  await timed(10, () => {});
  const idle = await timed(30, () => {});
  const busy = [], ranges = [];
  for (let turn = 0; turn < 2; turn++) {
    mouse("mouseenter", 0.2);
    mouse("mousemove", 0.2);
    mouse("mousedown", 0.2, { buttons: 1 });
    busy.push(...await timed(40, (i) => mouse("mousemove", 0.2 + 0.01 * i, { buttons: 1 })));
    busy.push(...await timed(4, (i) => i === 0 && mouse("mouseup", 0.6)));
    ranges.push(brunt.charts.selection);
    busy.push(...await timed(20, (i) => mouse("mousemove", 0.9 - 0.03 * i)));
    busy.push(...await timed(4, (i) => i === 0 && mouse("dblclick", 0.5)));
  }
  const whole = brunt.charts.selection === null;
  const zooming = (end) => timed(24, (i) => brunt.charts.zoom([end * 0.01 * i, end * (0.7 + 0.01 * i)]));
  const hour = await zooming(3600);
  brunt.show({ ...brunt.report, intervals: brunt.report.intervals.slice(0, 60) }, brunt.extra);
  const minute = await zooming(60);
  return { Idle: idle, Busy: busy, Ranges: ranges, Whole: whole, Hour: hour, Minute: minute };
})()`

// An hour of seconds opens and zooms without a stutter: hardly any frame takes
// several times as long as where nothing happens.
func TestAnHourOfSeconds(t *testing.T) {
	r := story{seconds: 3600, rate: 20}.report()
	b := newBrowser(t)
	quiet.Repeat(t, func() error { return zoomed(t, open(t, b, r)) })
}

// zoomed drags and zooms, and says where that was not smooth.
func zoomed(t *testing.T, v *openPage) (jerky error) {
	t.Helper()
	var opened float64
	v.js(&opened, `performance.timing.loadEventEnd - performance.timing.fetchStart`)
	var took struct {
		Idle, Busy, Hour, Minute []float64
		Ranges                   [][]float64
		Whole                    bool
	}
	v.js(&took, dragging)
	for _, zoomed := range took.Ranges {
		if len(zoomed) != 2 || zoomed[0] < 600 || zoomed[1] > 2400 {
			t.Errorf("the drag selected %v", took.Ranges)
		}
	}
	if !took.Whole {
		t.Error("a double-click did not show the whole run")
	}
	slices.Sort(took.Idle)
	slices.Sort(took.Busy)
	usual := took.Idle[len(took.Idle)/2]
	at, _ := slices.BinarySearch(took.Busy, 5*usual)
	long := len(took.Busy) - at
	if long > len(took.Busy)/10 {
		jerky = fmt.Errorf("%d of %d frames took over 5 times as long as an idle one (%.1f ms)", long, len(took.Busy), usual)
	}
	t.Logf("opened in %.0f ms; an idle frame takes %.1f ms, one while dragging and zooming %.1f ms (median), %.1f ms (p90), %.1f ms (max), %d of %d over 5 times an idle one",
		opened, usual, took.Busy[len(took.Busy)/2], took.Busy[len(took.Busy)*9/10], took.Busy[len(took.Busy)-1], long, len(took.Busy))
	hour, minute := sum(took.Hour), sum(took.Minute)
	t.Logf("zooming in each frame, %d frames of an hour take %.0f ms and of a minute %.0f ms", len(took.Hour), hour, minute)
	if hour > 8*minute { // of sixty times as many
		jerky = fmt.Errorf("zooming in an hour takes %.1f times as long as in a minute", hour/minute)
	}
	v.js(nil, `brunt.show(brunt.report, brunt.extra)`)
	v.js(nil, frames)
	v.chartsAreDrawn()
	v.quiet()
	return jerky
}

func sum(values []float64) (total float64) {
	for _, value := range values {
		total += value
	}
	return total
}
