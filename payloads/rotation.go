package payloads

// turn is one slot of the rotation: which file it belongs to, and its number
// among that file's slots within the cycle, from 0.
type turn struct {
	file uint32
	nth  uint32
}

// shares returns the weights divided by their greatest common divisor: how
// many turns each file has in one cycle.
func shares(specs []Spec) []int {
	divisor := 0
	for _, s := range specs {
		divisor = gcd(divisor, s.Weight)
	}
	out := make([]int, len(specs))
	for i, s := range specs {
		out[i] = s.Weight / divisor
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func cycleLength(specs []Spec) int {
	n := 0
	for _, s := range shares(specs) {
		n += s
	}
	return n
}

// rotation spreads the turns of each file evenly over one cycle: smooth
// weighted round-robin, as nginx does it. Each file gains its share per slot;
// the file with the most takes the slot and pays the sum of all shares. With shares
// 3 and 1 that is A A B A, not A A A B.
func rotation(shares []int) []turn {
	total := 0
	for _, s := range shares {
		total += s
	}
	credit := make([]int, len(shares))
	taken := make([]uint32, len(shares))
	out := make([]turn, total)
	for slot := range out {
		best := 0
		for f, s := range shares {
			credit[f] += s
			if credit[f] > credit[best] {
				best = f
			}
		}
		credit[best] -= total
		out[slot] = turn{file: uint32(best), nth: taken[best]}
		taken[best]++
	}
	return out
}
