package executor

import (
	"bytes"
	"encoding/binary"
)

// An automaton finds all of many patterns in one pass over a text, whatever
// the pieces in which the text comes: Aho and Corasick's, with two additions.
// Where no pattern is under way, a table of the first four bytes passes over
// what can begin none. And in patterns that fold, base64 and hex, a single line
// end in the text does not count: programs wrap these.
//
// Node 0 is the root. An automaton is not changed once it is built.
type automaton struct {
	patterns []pattern
	nodes    []node
	root     [256]int32
	first    []uint64 // a bit for each hash of four bytes that can begin a pattern
}

type pattern struct {
	text  string
	name  string
	folds bool
}

// A node stands for a prefix of at least one pattern.
type node struct {
	next int32 // its first child; the others follow by side
	side int32
	fail int32 // the longest proper suffix of this prefix that is a node too
	hit  int32 // the longest pattern that ends here; -1 for none
	via  int32 // a pattern whose prefix this is
	size int32 // of the prefix, in bytes
	edge byte  // its last byte
	fold bool
}

// window is how many bytes the table of beginnings looks at; every pattern is
// at least as long.
const window = 4

const firstBits = 18

func newAutomaton(patterns []pattern) *automaton {
	a := &automaton{patterns: patterns, nodes: make([]node, 1), first: make([]uint64, 1<<firstBits/64)}
	a.nodes[0].hit = -1
	for i := range patterns {
		a.insert(int32(i))
	}
	a.link()
	return a
}

func (a *automaton) insert(i int32) {
	p := &a.patterns[i]
	at := int32(0)
	for j := range len(p.text) {
		n := a.child(at, p.text[j])
		if n == 0 {
			n = int32(len(a.nodes))
			a.nodes = append(a.nodes, node{side: a.nodes[at].next, hit: -1, via: i, size: int32(j + 1), edge: p.text[j]})
			if at == 0 {
				a.nodes[n].side = 0
				a.root[p.text[j]] = n
			} else {
				a.nodes[at].next = n
			}
		}
		at = n
		a.nodes[at].fold = a.nodes[at].fold || p.folds
	}
	if a.nodes[at].hit < 0 {
		a.nodes[at].hit = i
	}
	b := []byte(p.text[:window])
	a.begins(b[0], b[1], b[2], b[3])
	if p.folds {
		// A line feed is looked for apart; a carriage return may stand alone.
		a.begins(b[0], b[1], b[2], '\r')
		a.begins(b[0], b[1], '\r', b[2])
		a.begins(b[0], '\r', b[1], b[2])
		a.begins(b[0], '\r', b[1], '\r')
	}
}

func (a *automaton) begins(b0, b1, b2, b3 byte) {
	h := firstHash(uint32(b0) | uint32(b1)<<8 | uint32(b2)<<16 | uint32(b3)<<24)
	a.first[h/64] |= 1 << (h % 64)
}

func firstHash(four uint32) uint32 { return four * 0x9e3779b1 >> (32 - firstBits) }

// link sets the failure links, nearest nodes first.
func (a *automaton) link() {
	var queue []int32
	for _, n := range a.root {
		if n != 0 {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for n := a.nodes[at].next; n != 0; n = a.nodes[n].side {
			f := a.nodes[at].fail
			for f != 0 && a.child(f, a.nodes[n].edge) == 0 {
				f = a.nodes[f].fail
			}
			a.nodes[n].fail = a.child(f, a.nodes[n].edge)
			queue = append(queue, n)
		}
		if a.nodes[at].hit < 0 {
			a.nodes[at].hit = a.nodes[a.nodes[at].fail].hit
		}
	}
}

func (a *automaton) child(at int32, c byte) int32 {
	if at == 0 {
		return a.root[c]
	}
	for n := a.nodes[at].next; n != 0; n = a.nodes[n].side {
		if a.nodes[n].edge == c {
			return n
		}
	}
	return 0
}

// step goes on by one byte; last is the byte before it.
func (a *automaton) step(at int32, last, c byte) int32 {
	for at != 0 {
		if n := a.child(at, c); n != 0 {
			return n
		}
		// One line end at a time, so that what is held back stays bounded.
		if a.nodes[at].fold && (c == '\n' && last != '\n' || c == '\r' && last != '\r' && last != '\n') {
			return at
		}
		at = a.nodes[at].fail
	}
	return a.root[c]
}

// skip returns the first place from i on at which a pattern may begin, or near
// which the text is too short or a line ends, so that only steps can tell.
func (a *automaton) skip(b []byte, i int) int {
	stop := len(b) - window + 1
	if i >= stop {
		return i
	}
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		stop = min(stop, i+n-window+1)
	}
	first := a.first
	for ; i < stop; i++ {
		h := firstHash(binary.LittleEndian.Uint32(b[i:]))
		if first[h/64]&(1<<(h%64)) != 0 {
			break
		}
	}
	return i
}

// fresh reports whether the node is a first byte, the one before i, with which
// the text that follows can begin no pattern: the root then stands for it.
func (a *automaton) fresh(at int32, b []byte, i int) bool {
	if a.nodes[at].size != 1 || i == 0 || i-1+window > len(b) {
		return false
	}
	four := b[i-1 : i-1+window]
	if four[0] == '\n' || four[1] == '\n' || four[2] == '\n' || four[3] == '\n' {
		return false
	}
	h := firstHash(binary.LittleEndian.Uint32(four))
	return a.first[h/64]&(1<<(h%64)) == 0
}

// back returns where, in a text that has just been read up to end, the prefix
// begins: line ends that were folded away lie between its bytes.
func back(b []byte, end int, prefix string) int {
	at := end
	for j := len(prefix); j > 0 && at > 0; at-- {
		if c := b[at-1]; c == prefix[j-1] || c != '\n' && c != '\r' {
			j--
		}
	}
	return at
}

// live is the longest text up to here that may go on to be a pattern.
func (a *automaton) live(at int32) string {
	for at != 0 && a.nodes[at].next == 0 {
		at = a.nodes[at].fail // a whole pattern that no other begins with
	}
	if at == 0 {
		return ""
	}
	n := &a.nodes[at]
	return a.patterns[n.via].text[:n.size]
}
