/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The set-up of queues in virtio-mmio version 1 in plain memory, with two
 * queues. docs/theory/models.md says what is modelled, and what is left out.
 *
 * Whatever happens, in any order: an acknowledgement that the driver takes is
 * for a queue that the device has set up in this life of the driver, with its
 * own ring; such a queue is neither dropped nor cleared again. Once nothing
 * moves any more, the driver is up, and the device serves both queues.
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
 * -DKIND=...        one kind of driver, if that is enough
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

#define ACKNOWLEDGE 1
#define DRIVER 2
#define DRIVER_OK 4

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

bool to_device;

/* The driver. */
bool up, waits;
bool got[NQ]; /* it took the acknowledgement, in this life */
bool kill_driver;

/* What the device has done since the driver's life began. */
bool cleared[NQ];

/* The device: its memory, all but the last two recorded. */
typedef memory {
	byte seen, last, page[NQ], left;
	bool started[NQ], pending, over, marked, watched
}
memory m, r;
bool live, repeated;
bool kill_device, busy;

bool due; /* 100 ms have passed */

#define LAST_PAGE (m.last == NOBODY -> NONE : m.page[m.last])
#define OLD_PAGE (m.last == NOBODY -> m.left : m.page[m.last])
#define RING to_device = true

#define COPY(to, from)                                                        \
	to.seen = from.seen; to.last = from.last; to.left = from.left;        \
	to.page[0] = from.page[0]; to.page[1] = from.page[1];                 \
	to.started[0] = from.started[0]; to.started[1] = from.started[1];     \
	to.pending = from.pending; to.over = from.over;                       \
	to.marked = from.marked; to.watched = from.watched
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

inline drv_queue(i)
{
	sel = i;
	num = true;
	atomic { pfn = PAGE(i); RING; waits = true };
	atomic { pfn == ACKED ->
		waits = false;
		assert(m.started[i] && m.page[i] == PAGE(i) && cleared[i]);
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
		:: atomic { kind == OLDER -> status = ACKNOWLEDGE; RING };
			fsel = true;
			atomic { status = DRIVER; RING }
		:: atomic { kind == NEWER ->
				status = status | ACKNOWLEDGE; RING };
			if
			:: atomic { status = 0; RING };
				atomic { status = ACKNOWLEDGE; RING }
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
			atomic { status = 0; RING; waits = true };
			/* Its memory is its own again. */
			atomic { sel == MARKER -> waits = false; assert(!live) };
			atomic { status = ACKNOWLEDGE; RING };
			atomic { status = ACKNOWLEDGE | DRIVER; RING };
			fsel = true
		fi;
		drv_queue(0);
		drv_queue(1);
		atomic {
			status = (kind == OLDER -> DRIVER_OK :
						   status | DRIVER_OK);
			RING
		};
		atomic { up = true; idx[0] = true; idx[1] = true };
end_up:		(0)
	   } unless {
		atomic { kill_driver ->
			kill_driver = false;
			up = false; waits = false;
			got[0] = false; got[1] = false;
			cleared[0] = false; cleared[1] = false
		}
	   }
	od
}

/* Queues go: nobody who was told of them may be there. */
#define STOP(i)                                                               \
	assert(!m.started[i] || !got[i]);                                     \
	m.started[i] = false

/* v1_forget() */
inline dev_forget(keep)
{
	atomic {
		STOP(0);
		STOP(1);
		live = false; repeated = false;
		m.left = keep; m.seen = 0; m.last = NOBODY;
		m.page[0] = NONE; m.page[1] = NONE;
		m.pending = false; m.over = false; m.marked = false;
		m.watched = false;
		RECORD
	}
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
		before = (!m.marked && p == OLD_PAGE -> p : NONE);
#endif
		dev_forget(before);
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
	:: !yes && m.over ->
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

/* v1_restart() */
inline dev_restart()
{
	p = pfn;
	if
	:: m.marked || !(s & ACKNOWLEDGE) || p == ACKED -> p = NONE
	:: p == OLD_PAGE
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
	dev_forget(p);
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
		assert(!got[p - 1]);
		m.started[i] = true;
		m.page[i] = p;
		idx[p - 1] = false;
		cleared[p - 1] = cleared[p - 1] || p == PAGE(i)
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
			yes = true
		:: else
		fi
	}
	atomic {
		m.pending = false;
		if
		:: !yes -> m.last = before; STOP(i)
		:: else
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
					:: SAME_LIFE && pfn == p -> pfn = ACKED
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
			:: m.left != NONE || i == NQ || !n
			:: else ->
				dev_watch();
				if
				:: yes ->
					yes = false;
					dev_start();
					dev_acknowledge()
				:: else
				fi
			fi
		fi
	fi
}

/* v1_go_live(), v1_mark() */
inline dev_mark()
{
	if
	:: (m.seen & DRIVER_OK) && (m.started[0] || m.started[1]) -> live = true
	:: else
	fi;
	if
	:: live && !m.marked && m.last != NOBODY && pfn == LAST_PAGE &&
	   (m.over || (m.started[0] && m.started[1])) ->
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
	:: else ->
		dev_take_status();
		if
		:: !m.over -> dev_setup_queue()
		:: else
		fi;
		dev_mark()
	fi;
	FORGET_LOCALS
}

/* hvl_dev_resume(): the record is taken over when it dies */
inline dev_come()
{
	/* hvl_dev_v1_restore_() */
	if
	:: m.over && pfn == NONE ->
		if
		:: !num ->
			if
			:: sel == MARKER -> m.marked = true
			:: else
			fi
		:: else
		fi
	:: else
	fi;
	/* hvl_dev_v1_driver_gone_(): its queues are not looked at */
	s = status;
	if
	:: s != 0 -> dev_restarted()
	:: else -> yes = true
	fi;
	atomic {
		if
		:: yes -> STOP(0); STOP(1)
		:: else
		fi;
		live = (m.seen & DRIVER_OK) && (m.started[0] || m.started[1]);
		yes = false
	}
	/* hvl_dev_v1_resume_(), v1_still_waits() */
	l = sel;
	i = (l < NQ -> l : (m.started[0] -> (m.started[1] -> NQ : 1) : 0));
	atomic {
		if
		:: m.pending && m.last != NOBODY && m.started[m.last] &&
		   i == m.last && !idx[m.last] && pfn == LAST_PAGE &&
#ifdef RESUME_BLINDLY
		   status == m.seen ->
#else
		   SAME_LIFE ->
#endif

			pfn = ACKED
		:: else
		fi
	}
	m.pending = false;
	if
	:: m.seen == 0 -> CAS(pfn, ACKED, NONE)
	:: else
	fi;
	atomic { coming = false; to_device = true; RECORD };
	FORGET_LOCALS
}

proctype device()
{
	byte s, p, l, i, before;
	bool n, yes, coming;

end:	do
	:: {
		if
		:: coming -> dev_come()
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
			live = false; repeated = false;
			COPY(m, r)
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
		:: else ->
			assert(up);
			assert(live && m.started[0] && m.started[1]);
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
