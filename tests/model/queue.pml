/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set-up of queues in virtio-mmio version 1 in plain memory, with two
 * queues. docs/theory/models.md says what is modelled, and what is left out.
 *
 * Whatever happens, in any order: an acknowledgement that the driver takes is
 * for a queue that the device has set up in this life of the driver, with its
 * own ring; such a queue is neither dropped nor cleared again. Once nothing
 * moves any more, the driver is up, and the device serves both queues. A host
 * that comes back with no record knows none of them: then the driver is told,
 * or waits, and once it has started over all is as above.
 *
 * To see that it can fail, and what each rule is for:
 *
 * -DMARK_BLINDLY    the markers go over whatever is there
 * -DNO_UNDO         they are not taken away again from a driver that went on
 * -DSELECTS_QUEUE   our own driver selects a queue when it resets
 * -DACK_BLINDLY     the life is not looked at again before an acknowledgement
 * -DWATCH_AGAIN     DeviceFeaturesSel is marked with each queue, and late
 * -DRESET_IS_CLEAN  after a reset QueuePFN is taken for cleared
 * -DLEFT_LAST       only the last acknowledged page can be left in QueuePFN
 * -DRESUME_BLINDLY  a host that comes back does not look before it acknowledges
 * -DNO_REPEAT       a page that stays is never acknowledged again
 *
 * Of a host with no record:
 *
 * -DNO_DISOWN       it lets a driver be that is live
 * -DNO_FINISH       and one that gets there with queues of old
 * -DNO_MARKERS      it asks for a restart, but would not see it
 * -DHALF_DEVICE     a driver may go on with queues of old where Status does
 *                   not tell
 * -DLATE_UNSEEN     the Status that it found counts as news
 * -DLATE_OVER       it looks for a restart before it knows its place
 * -DLATE_KNOWS      it takes no page for left by an earlier life
 * -DREFUSE_PAGE     a page that is refused for one queue is so for all
 * -DRECORD_FIRST    its record is there before what it found
 * -DSTILL_NEEDS_RESET  what an earlier host asked for stays in Status
 * -DKIND=...        one kind of driver, if that is enough
 * -DRECORDED        each host leaves its record
 */

#ifndef TROUBLE
#define TROUBLE 2 /* restarts of either side, doorbells of others */
#endif

mtype = { OLDER, NEWER, OWN }; /* drivers */

#define NQ 2
#define NONE 0	   /* QueuePFN */
#define PAGE(i) ((i) + 1)
#define ACKED 9
#define MARKER 7   /* QueueSel; QueueNum and DeviceFeaturesSel are bits */
#define NOBODY 6   /* no queue */

#ifdef REFUSE_PAGE
#define REQUEST(i, page) (page)
#else
#define REQUEST(i, page) ((i) * 8 + (page))
#endif

#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4

#define ALL_STARTED (m.started[0] && m.started[1])
#define ANY_STARTED (m.started[0] || m.started[1])

#ifdef KIND
mtype kind = KIND;
#else
mtype kind;
#endif

/* Shared memory. */
byte status, sel = MARKER, pfn;
bool num;	 /* QueueNum is no marker */
bool fsel = true; /* DeviceFeaturesSel is no marker */
bool idx[NQ];	 /* the avail index is not 0 */

bool needs_reset; /* of Status */

bool to_device;

/* The driver. */
bool up, waits;
bool got[NQ]; /* it took the acknowledgement, in this life */
bool kill_driver;

/* What the device has done since the driver's life began. */
bool cleared[NQ];

bool told[NQ]; /* by a host that is there, or that left a record */

/*
 * What became of it with a host that left no record: queues that it had set up
 * in this life of the driver; that another host has come since; that the ring
 * of a driver that is up was cleared.
 */
bool foreign[NQ], bare, spoiled;

/* The device: its memory, all but the last two recorded. */
typedef memory {
	byte seen, last, page[NQ], left;
	bool started[NQ], pending, over, marked, watched, late, broken
}
memory m, r;
bool live, repeated;
byte refused; /* a request */
bool kill_device, busy, forget;

bool due; /* 100 ms have passed */

#define LAST_PAGE (m.last == NOBODY -> NONE : m.page[m.last])
#define OLD_PAGE (m.last == NOBODY -> m.left : m.page[m.last])
/* v1_is_old() */
#ifdef LATE_KNOWS
#define IS_OLD(page) ((page) == OLD_PAGE)
#else
#define IS_OLD(page) (m.late || (page) == OLD_PAGE)
#endif
#define RING to_device = true

#define COPY(to, from)                                                        \
	to.seen = from.seen; to.last = from.last; to.left = from.left;        \
	to.page[0] = from.page[0]; to.page[1] = from.page[1];                 \
	to.started[0] = from.started[0]; to.started[1] = from.started[1];     \
	to.pending = from.pending; to.over = from.over;                       \
	to.marked = from.marked; to.watched = from.watched;                   \
	to.late = from.late; to.broken = from.broken
#define RECORD COPY(r, m)

/* hvl_io_cas32() */
#define CAS(reg, old, new) reg = (reg == (old) -> (new) : reg)

/*
 * The markers are put back, and taken away again if the driver went on. A host
 * that dies just then leaves it waiting: it does not, see models.md.
 */
#define CLEAR_REGISTERS(page)                                                 \
	atomic { busy = true; CAS(pfn, page, NONE) };                         \
	CAS(num, n, false);                                                   \
	CAS(sel, l, MARKER)
#ifdef NO_UNDO
#define RESTORE_REGISTERS(page) busy = false
#else
#define RESTORE_REGISTERS(page)                                               \
	CAS(sel, MARKER, l);                                                  \
	CAS(num, false, n);                                                   \
	atomic { CAS(pfn, NONE, page); busy = false }
#endif

#ifdef ACK_BLINDLY
#define SAME_LIFE true
#else
#define SAME_LIFE (status == m.seen && !(m.watched && fsel))
#endif

/* Written whole, it takes the device's bit away. */
#define SET_STATUS(s)                                                         \
	status = (s); needs_reset = false; RING

inline drv_queue(i)
{
	sel = i;
	num = true;
	atomic { pfn = PAGE(i); RING; waits = true };
	atomic { pfn == ACKED ->
		waits = false;
		assert(foreign[i] ||
		       m.started[i] && m.page[i] == PAGE(i) && cleared[i]);
		got[i] = true }
	if
	:: kind != OLDER -> pfn = PAGE(i)
	:: else
	fi
}

proctype driver()
{
end:	do
	:: {
		if
		:: atomic { kind == OLDER -> SET_STATUS(ACKNOWLEDGE) };
			fsel = true;
			atomic { SET_STATUS(DRIVER) }
		:: atomic { kind == NEWER ->
				status = status | ACKNOWLEDGE; RING };
			if
			:: atomic { SET_STATUS(0) };
				atomic { SET_STATUS(ACKNOWLEDGE) }
			:: skip
			fi;
			atomic { status = status | DRIVER; RING };
			fsel = true
		:: kind == OWN ->
#ifdef SELECTS_QUEUE
			sel = NQ - 1;
#else
			sel = NOBODY;
#endif
			pfn = NONE;
			atomic { SET_STATUS(0); waits = true };
			/* Its memory is its own again. */
			atomic { sel == MARKER -> waits = false; assert(!live) };
			atomic { SET_STATUS(ACKNOWLEDGE) };
			atomic { SET_STATUS(ACKNOWLEDGE | DRIVER) };
			fsel = true
		fi;
		drv_queue(0);
		drv_queue(1);
		atomic {
			if
			:: kind == OLDER -> SET_STATUS(DRIVER_OK)
			:: else -> status = status | DRIVER_OK; RING
			fi
		};
		atomic { up = true; idx[0] = true; idx[1] = true };
end_up:		(0)
	   } unless {
		atomic { kill_driver ->
			kill_driver = false;
			up = false; waits = false;
			got[0] = false; got[1] = false;
			cleared[0] = false; cleared[1] = false;
			told[0] = false; told[1] = false;
			foreign[0] = false; foreign[1] = false;
			bare = false; spoiled = false
		}
	   }
	od
}

/*
 * Queues go: nobody who was told of them may be there. What another host told
 * does not count.
 */
#define STOP(i)                                                               \
	assert(!m.started[i] || !got[i] || !told[i] || m.broken);             \
	m.started[i] = false

/* v1_forget() */
inline dev_forget(keep, late_too)
{
	atomic {
		m.late = late_too; due = false;
		STOP(0);
		STOP(1);
		live = false; repeated = false; refused = NONE;
		m.left = keep; m.seen = 0; m.last = NOBODY;
		m.page[0] = NONE; m.page[1] = NONE;
		m.pending = false; m.over = false; m.marked = false;
		m.watched = false; m.broken = false;
		RECORD
	}
	needs_reset = false
}

/* v1_reset() */
inline dev_reset()
{
	p = pfn;
	n = num;
	l = sel;
	if
	:: m.seen == 0 && p == NONE && !n && l == MARKER
	:: else ->
#ifndef RESET_IS_CLEAN
		before = (!m.marked && IS_OLD(p) -> p : NONE);
#endif
		dev_forget(before, false);
		if
		:: status == 0 ->
			CLEAR_REGISTERS(p);
			if
			:: status != 0 -> RESTORE_REGISTERS(p)
			:: else -> atomic { busy = false; m.left = NONE; RECORD }
			fi
		:: else
		fi
	fi
}

/* hvl_dev_v1_restarted_(), which looks at s, then at fsel, then at the rest */
inline dev_restarted()
{
	atomic {
		yes = s < m.seen || (m.seen & DRIVER_OK & ~s) != 0 ||
		      (m.watched && fsel)
	}
	if
#ifdef LATE_OVER
	:: !yes && m.over ->
#else
	:: !yes && m.over && !m.late ->
#endif
		p = pfn;
		if
		:: p == NONE || p == ACKED
		:: else ->
			if
			:: !m.marked -> yes = p != LAST_PAGE
			:: else ->
				if
				:: sel != MARKER -> yes = num
				:: else
				fi
			fi
		fi
	:: else
	fi
}

/* A driver whose Status tells nothing may go on with queues of old. */
#ifdef HALF_DEVICE
#define MAY_KNOW_QUEUES false
#else
#define MAY_KNOW_QUEUES true
#endif

/* v1_restart() */
inline dev_restart()
{
	p = pfn;
	if
	:: m.marked || !(s & ACKNOWLEDGE) || p == ACKED -> p = NONE
	:: IS_OLD(p)
	:: else ->
		if
#ifdef LEFT_LAST
		:: true -> p = NONE
#else
		:: sel == 0 || sel >= NQ -> p = NONE
#endif
		:: else
		fi
	fi;
	dev_forget(p, MAY_KNOW_QUEUES && (m.late || m.broken) &&
			      (s & DRIVER_OK));
	CAS(pfn, ACKED, NONE)
}

/* hvl_dev_v1_take_status_() */
inline dev_take_status()
{
	atomic {
		if
		:: (s & DRIVER_OK & ~m.seen) && m.seen != 0 -> m.over = true
		:: else
		fi;
		m.seen = s;
		RECORD
	}
}

/* hvl_dev_v1_read_request_() */
inline dev_read_request()
{
	do
	:: p = pfn;
		if
		:: p == NONE || p == ACKED -> p = NONE; break
		:: else
		fi;
		l = sel;
		n = num;
		if
		:: pfn != p
		:: else ->
			if
			:: sel == l -> break
			:: else
			fi
		fi
	od
}

/* v1_start_queue(), v1_zero_ring(): of the ring at @p, as queue @i */
inline dev_start()
{
	atomic {
		if
		:: m.started[i] ->
			STOP(i);
			if
			:: m.last == i -> m.last = NOBODY
			:: else
			fi;
			RECORD
		:: else
		fi
	}
	atomic {
		assert(!got[p - 1] || !told[p - 1]);
		spoiled = spoiled || got[p - 1] && idx[p - 1];
		m.started[i] = true;
		m.page[i] = p;
		idx[p - 1] = false;
		cleared[p - 1] = cleared[p - 1] || p == PAGE(i);
		foreign[p - 1] = foreign[p - 1] && p != PAGE(i)
	}
#ifdef WATCH_AGAIN
	fsel = false;
	m.watched = true
#endif
}

/* v1_watch(): @yes if the request is still there after the marker */
inline dev_watch()
{
	if
	:: m.watched -> yes = true
	:: else ->
#ifdef WATCH_AGAIN
		yes = true
#else
		fsel = false;
		m.watched = true;
		if
		:: status == m.seen ->
			if
			:: pfn == p ->
				if
				:: sel == l -> yes = num == n
				:: else
				fi
			:: else
			fi
		:: else
		fi
#endif
	fi
}

/* v1_acknowledge() */
inline dev_acknowledge()
{
	atomic {
		before = m.last;
		m.last = i;
		repeated = false;
		m.pending = true;
		RECORD
	}
	/* A few instructions: the driver does not get here again meanwhile. */
	atomic {
		if
		:: sel == l && num == n && SAME_LIFE && pfn == p ->
			pfn = ACKED;
			told[i] = true;
			yes = true
		:: else
		fi
	}
	atomic {
		m.pending = false;
		if
		:: !yes -> m.last = before; STOP(i)
		:: else -> refused = NONE
		fi;
		RECORD;
		yes = false
	}
}

/* hvl_dev_v1_setup_queue_() */
inline dev_setup_queue()
{
	dev_read_request();
	if
	:: p == NONE || status != m.seen
	:: else ->
		if
		/* v1_is_write_back(), v1_repeat_ack() */
		:: p == LAST_PAGE && (l != m.last || n) ->
			if
#ifndef NO_REPEAT
			:: !repeated && l == m.last && due ->
				atomic {
					repeated = true;
					due = false;
					if
					:: SAME_LIFE && pfn == p ->
						pfn = ACKED;
						told[m.last] = true
					:: else
					fi
				}
#endif
			:: else
			fi
		:: else ->
			/* v1_is_left() */
			atomic {
				if
				:: p != m.left || due -> m.left = NONE
				:: else
				fi;
				i = (l < NQ -> l :
				     (m.started[0] -> (m.started[1] -> NQ : 1) :
						      0))
			}
			if
			:: m.left != NONE || i == NQ || !n ||
			   refused == REQUEST(i, p)
			:: else ->
				dev_watch();
				if
				:: !yes
				/* v1_half_known() */
				:: yes && m.late && i > 0 && !m.started[0] ->
					atomic { yes = false; refused = REQUEST(i, p) }
				:: else ->
					yes = false;
					dev_start();
					dev_acknowledge()
				fi
			fi
		fi
	fi
}

/* v1_go_live(), v1_mark() */
inline dev_mark()
{
	if
	:: atomic { (m.seen & DRIVER_OK) && !live && ANY_STARTED ->
			/* Of a driver that is there still: no half of it. */
			assert(!spoiled);
			assert(!got[0] || m.started[0] && !foreign[0]);
			assert(!got[1] || m.started[1] && !foreign[1]);
			live = true }
	:: else
	fi;
	if
	:: live && !m.marked && m.last != NOBODY && pfn == LAST_PAGE &&
	   (m.over || ALL_STARTED) ->
		atomic { m.over = true; RECORD }
		n = num;
		l = sel;
		if
#ifdef MARK_BLINDLY
		:: sel = MARKER;
			num = false;
			atomic {
				yes = pfn == LAST_PAGE;
				CAS(pfn, LAST_PAGE, NONE)
			}
#else
		:: (l == m.last || l == MARKER) && SAME_LIFE ->
			atomic { busy = true; CAS(sel, l, MARKER) };
			CAS(num, n, false);
			CAS(pfn, LAST_PAGE, NONE);
			yes = status == m.seen;
			yes = yes && !(m.watched && fsel);
			if
			:: !yes -> RESTORE_REGISTERS(LAST_PAGE)
			:: else -> busy = false
			fi
		:: else
#endif
		fi;
		atomic { m.marked = yes; yes = false; RECORD }
	:: else
	fi
}

#define FORGET_LOCALS                                                         \
	atomic {                                                              \
		s = 0; p = 0; l = 0; n = false; i = 0; before = 0;                    \
		yes = false                                                           \
	}

#include "queue_resume.pml"

/* v1_show_needs_reset() */
#define SHOW_NEEDS_RESET needs_reset = status != 0

/* v1_finished_without_us() */
#ifdef NO_FINISH
#define FINISHED_WITHOUT_US false
#else
#define FINISHED_WITHOUT_US (m.late && m.over && !ALL_STARTED)
#endif

/* v1_poll() */
inline dev_poll()
{
	s = status;
	if
	:: s != 0 ->
		dev_restarted();
		if
		:: yes -> yes = false; dev_restart(); s = status
		:: else
		fi
	:: else
	fi;
	if
	:: s == 0 -> dev_reset()
	:: s != 0 && m.broken -> SHOW_NEEDS_RESET
	:: else ->
		dev_take_status();
		if
		:: FINISHED_WITHOUT_US -> dev_disown(); SHOW_NEEDS_RESET
		:: else ->
			if
			:: m.over -> m.late = false
			:: else -> dev_setup_queue()
			fi;
			dev_mark()
		fi
	fi;
	FORGET_LOCALS
}

/* What it had done is known to the driver only. */
#define DIES_BARE                                                             \
	forget = true;                                                        \
	foreign[0] = foreign[0] || cleared[0];                                \
	foreign[1] = foreign[1] || cleared[1];                                \
	cleared[0] = false; cleared[1] = false;                               \
	told[0] = false; told[1] = false;                                     \
	m.seen = 0; m.last = NOBODY; m.left = NONE;                           \
	m.page[0] = NONE; m.page[1] = NONE;                                   \
	m.started[0] = false; m.started[1] = false;                           \
	m.pending = false; m.over = false; m.marked = false;                  \
	m.watched = false; m.late = false; m.broken = false

proctype device()
{
	byte s, p, l, i, before;
	bool n, yes, coming;

end:	do
	:: {
		if
		:: coming && forget -> dev_attach()
		:: coming && !forget -> dev_come()
		:: else
		fi;
end_idle:	do
		:: to_device -> to_device = false; dev_poll()
		od
	   } unless {
		atomic { kill_device && (!busy || up) ->
			kill_device = false; busy = false;
			coming = true;
			s = 0; p = 0; l = 0; n = false; i = 0; before = 0;
			yes = false;
			live = false; repeated = false; refused = NONE;
			/* With what was recorded, or without. */
			if
			:: !forget -> COPY(m, r)
#ifndef RECORDED
			:: DIES_BARE
#endif
			fi
		}
	   }
	od
}

/* Everything else that can happen, at some time, or not. */
proctype world()
{
	byte t = TROUBLE;

	do
	:: atomic { t > 0 && !to_device -> t--; to_device = true }
	:: atomic { t > 0 && !kill_driver -> t--; kill_driver = true }
	:: atomic { t > 0 && !kill_device -> t--; kill_device = true }
	:: break
	od
}

/* Nothing moves: time passes, and the device looks again; it must help. */
proctype rest()
{
	byte looks = 2;

end:	do
	:: timeout ->
		if
		:: waits && looks > 0 ->
			atomic { looks--; due = true; to_device = true }
		/* It was told, or cannot go on with a host that has come. */
		:: bare && (waits && looks == 0 || up && needs_reset) ->
			assert(!live);
			atomic { looks = 2; kill_driver = true }
		:: else ->
			assert(up);
			assert(live && ALL_STARTED);
			assert(!needs_reset);
			break
		fi
	od
}

init
{
	atomic {
#ifndef KIND
		if
		:: kind = OLDER
		:: kind = NEWER
		:: kind = OWN
		fi;
#endif
		m.last = NOBODY;
		RECORD;
		run driver();
		run device();
		run world();
		run rest()
	}
}
