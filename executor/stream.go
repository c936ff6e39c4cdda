package executor

import "io"

// A Stream masks a text that is written to it in pieces, wherever they are cut.
// It holds back no more than what may be the beginning of a secret, for as long
// as it may be one: until more is written, or it is closed.
type Stream struct {
	w     io.Writer
	auto  *automaton
	held  []byte // read and not passed on: at most the prefix that is live
	at    int32  // the automaton's node
	last  byte   // the one before held
	finds []find // not passed on, in order and apart
	out   []byte // what one Write passes on
}

// A find is a stretch of text that secrets cover; its places count from the
// start of held.
type find struct {
	from, to int
	name     string // of the longest of them
	size     int
}

// Stream returns a writer that masks what m knows at this moment, and passes
// the rest on to w.
func (m *Mask) Stream(w io.Writer) *Stream { return &Stream{w: w, auto: m.automaton()} }

// Write implements io.Writer. p is not kept.
func (s *Stream) Write(p []byte) (int, error) {
	if s.auto == nil {
		return s.w.Write(p)
	}
	s.out = s.out[:0]
	s.read(p)
	if len(s.out) == 0 {
		return len(p), nil
	}
	if _, err := s.w.Write(s.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close passes on what was held back: it is no secret. It does not close the
// writer below, and the Stream can then be used for another text.
func (s *Stream) Close() error {
	s.out = s.out[:0]
	s.pass(s.held, len(s.held))
	s.held, s.at, s.last = s.held[:0], 0, 0
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.w.Write(s.out)
	return err
}

// read moves on by p, and passes on all that is decided.
func (s *Stream) read(p []byte) {
	from, b := len(s.held), p
	if from > 0 {
		s.held = append(s.held, p...)
		b = s.held
	}
	s.search(b, from)
	live := len(b)
	if s.at != 0 {
		live = back(b, len(b), s.auto.live(s.at))
	}
	s.pass(b, live)
	if live > 0 {
		s.last = b[live-1]
	}
	s.held = append(s.held[:0], b[live:]...)
}

// search runs the automaton over b from there on, and notes what it finds.
func (s *Stream) search(b []byte, from int) {
	a, at := s.auto, s.at
	for i := from; i < len(b); {
		if at == 0 {
			if i = a.skip(b, i); i == len(b) {
				break
			}
		}
		// Most often a node's first child is the only one.
		if n := a.nodes[at].next; n != 0 && a.nodes[n].edge == b[i] {
			at = n
		} else {
			last := s.last
			if i > 0 {
				last = b[i-1]
			}
			at = a.step(at, last, b[i])
		}
		i++
		if a.fresh(at, b, i) {
			at = 0
		} else if h := a.nodes[at].hit; h >= 0 {
			p := &a.patterns[h]
			s.found(find{back(b, i, p.text), i, p.name, len(p.text)})
		}
	}
	s.at = at
}

// found adds a find, as one with those that it overlaps.
func (s *Stream) found(f find) {
	for n := len(s.finds); n > 0 && s.finds[n-1].to > f.from; n-- {
		before := s.finds[n-1]
		f.from = min(f.from, before.from)
		if before.size >= f.size {
			f.name, f.size = before.name, before.size
		}
		s.finds = s.finds[:n-1]
	}
	s.finds = append(s.finds, f)
}

// pass puts out b up to live, masked. Of a find that what comes may still
// lengthen, the rest is kept in mind.
func (s *Stream) pass(b []byte, live int) {
	done, kept := 0, s.finds[:0]
	for _, f := range s.finds {
		if f.from < live {
			s.out = append(s.out, b[done:max(done, f.from)]...)
			done = min(f.to, live)
		}
		if f.to <= live {
			s.out = append(s.out, maskOpen+f.name+"]"...)
			continue
		}
		f.from, f.to = max(0, f.from-live), f.to-live
		kept = append(kept, f)
	}
	s.out = append(s.out, b[done:live]...)
	s.finds = kept
}
