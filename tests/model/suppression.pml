/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications of a virtqueue that are held back: by flags, by the event
 * index of the split ring, by the event structure of the packed ring.
 * docs/theory/models.md says what is modelled, and what is left out.
 *
 * Whatever happens, in any order: once nothing moves any more, the device has
 * taken all that was offered and the driver has all of it back. So both are
 * never asleep with work to do and no doorbell on its way.
 *
 * To see that it can fail, and what each rule is for:
 *
 * -DNO_DRIVER_EVENT_MB  the driver reads the device's wish while its own index
 *                       may still be in its store buffer
 * -DNO_DEVICE_EVENT_MB  the same, of the device
 * -DNO_DRIVER_LOOK_MB   the driver looks once more before its wish is visible
 * -DNO_DEVICE_LOOK_MB   the same, of the device
 * -DNO_DRIVER_LOOK      it does not look once more at all
 * -DNO_DEVICE_LOOK      the same, of the device
 * -DLAST_ONLY           of several new entries only the last is compared with
 *                       the event index
 * -DNO_WRAP             the wrap bit of an event is not looked at
 * -DNO_HELLO            a device that comes back does not ring
 * -DOLD_WANT            a device that comes back takes its wish for written
 * -DNO_TIMER            nobody looks by himself after a lost doorbell
 * -DNO_LAST_PASS        a host that stops polling does not serve once more
 * -DPOLLS               the device's host polls
 * -DPEACEFUL            nothing is lost or restarted, if that is enough to fail
 * -DKIND=...            one of the kinds, if that is enough
 */

#ifndef WORK
#define WORK 4 /* buffers that are offered, in all */
#endif
#ifndef TROUBLE
#define TROUBLE 1 /* other events altogether: see world */
#endif

#define NUM 2 /* size of the ring */
#define MOD 8 /* indices go round: the split ring's, and twice two rounds */
#define START 6 /* a while after the first set-up, and shortly before that */

/* What a side may hold back by. */
mtype = { FLAGS, SPLIT_EVENT, PACKED_EVENT };

/* Its wishes: by flags; else the split ring's index, the packed structure. */
#define ON 0
#define OFF 1
#define DESC 2 /* and the position, in what is above */

/* What is asked of the device with a queue, and its answer. */
mtype = { RESET, GONE, ASK, UP };

mtype kind;
bool paced; /* the device needs something of its backing for each buffer */
bool once;  /* after its death it gives back what it had taken */
bool early; /* it shows what is used at once (packed, with a journal) */
bool polls; /* after a look that took something its host looks by itself */

/*
 * A word of the shared memory: what its writer wrote last, which may be in its
 * store buffer, and what all see. Each word moves by itself: stores of a side
 * overtake each other, and one that is overwritten may never be seen.
 */
typedef word {
	byte wrote;
	byte shown
}
word avail, irq;  /* the driver's: position of what is offered, its wish */
word used, want;  /* the device's */

/* Doorbells: they merge, and take as long as they like. */
bool to_driver, to_device;

/* Registers: what fence.pml and queue.pml are about is one word here. */
mtype asked = UP;
bool live = true; /* of the device */

/* The driver. */
byte todo = WORK;  /* buffers still to offer */
byte d_used = START; /* it has seen */
bool d_irq = true; /* it wants to hear */
bool d_up = true;
bool kill_driver;

/* The device: its memory. */
byte taken = START; /* position; recorded */
byte known = START; /* of the driver's index */
byte wish;	    /* the last that it wrote */
bool waiting; /* a buffer is there, and nothing of the backing */
bool polled; /* the host looks by itself: hvl_dev_set_polled() */
bool kill_device;

/* What the backing has for it. */
byte data;
bool to_backing;

byte lost;

#define LEFT(a, b) (((a) - (b)) & (MOD - 1))

/*
 * Barriers. They are one step with the store before them: what the store
 * buffer holds in between is as if it was stored later, or seen sooner.
 */
#define MB_DRIVER avail.shown = avail.wrote; irq.shown = irq.wrote
#define MB_DEVICE used.shown = used.wrote; want.shown = want.wrote

#ifdef NO_DRIVER_EVENT_MB
#define MB_DRIVER_EVENT skip
#else
#define MB_DRIVER_EVENT MB_DRIVER
#endif
#ifdef NO_DEVICE_EVENT_MB
#define MB_DEVICE_EVENT skip
#else
#define MB_DEVICE_EVENT MB_DEVICE
#endif
#ifdef NO_DRIVER_LOOK_MB
#define MB_DRIVER_LOOK skip
#else
#define MB_DRIVER_LOOK MB_DRIVER
#endif
#ifdef NO_DEVICE_LOOK_MB
#define MB_DEVICE_LOOK skip
#else
#define MB_DEVICE_LOOK MB_DEVICE
#endif

/* hvl_vring_need_event(), hvl_vring_packed_need_event() */
#ifdef LAST_ONLY
#define SPAN(count) 1
#else
#define SPAN(count) (count)
#endif
#define NEED_SPLIT(wish, next, count)                                         \
	(LEFT((next) - 1, wish) < SPAN(count))

#define OFFSET(pos) ((pos) % NUM)
#define WRAP(pos) (((pos) / NUM) % 2)
#ifdef NO_WRAP
#define OFFSET_IN_ROUND(pos, next) OFFSET(pos)
#else
#define OFFSET_IN_ROUND(pos, next)                                            \
	(WRAP(pos) == WRAP(next) -> OFFSET(pos) : OFFSET(pos) - NUM)
#endif
#define NEED_PACKED(wish, next, count)                                        \
	((wish) == ON ||                                                      \
	 ((wish) >= DESC &&                                                   \
	  ((OFFSET(next) - OFFSET_IN_ROUND((wish) - DESC, next) - 1) & 255) < \
		  SPAN(count)))

#define NEED(wish, next, count)                                               \
	((kind == FLAGS && (wish) == ON) ||                                   \
	 (kind == SPLIT_EVENT && NEED_SPLIT(wish, next, count)) ||            \
	 (kind == PACKED_EVENT && NEED_PACKED(wish, next, count)))

/* A position as the event structure has it: no more than two rounds. */
#define EVENT(pos) (DESC + (pos) % (2 * NUM))

/* split_set_irq(), packed_set_irq() */
#define IRQ_WORD                                                              \
	(kind == SPLIT_EVENT -> LEFT(d_used, (d_irq -> 0 : 1)) :              \
				(!d_irq -> OFF :                              \
				(kind == FLAGS -> ON : EVENT(d_used))))

/* vq_set_irq(): @news if there may be something that was not seen yet */
inline driver_set_irq()
{
	d_step {
		news = d_irq && irq.wrote != IRQ_WORD;
		irq.wrote = IRQ_WORD;
		if
		:: news -> MB_DRIVER_LOOK
		:: else
		fi
	}
}

/* hvl_drv_vq_get(), for all that was used: until there is nothing */
inline driver_get()
{
	do
	:: d_used != used.shown ->
		d_used = used.shown
	:: d_used == used.shown ->
		if
		:: d_irq ->
			driver_set_irq();
#ifdef NO_DRIVER_LOOK
			break
#else
			if
			:: news
			:: else -> break
			fi
#endif
		:: else -> break
		fi
	od;
	news = false
}

/*
 * A look at the ring, as whoever was rung for takes it: the interrupts stay
 * on, or they are off until there seems to be nothing left.
 */
inline driver_look()
{
	if
	:: driver_get()
	:: d_irq = false;
		driver_set_irq();
		driver_get();
		/* hvl_drv_vq_irq_on() */
		d_irq = true;
		driver_set_irq();
#ifdef NO_DRIVER_LOOK
		news = false
#else
		driver_get()
#endif
	fi
}

/* hvl_drv_vq_add() a few times, hvl_drv_vq_kick(). */
inline driver_offer()
{
	atomic {
		count = 1;
		if
		:: todo > 1 && LEFT(avail.wrote, d_used) + 1 < NUM -> count = 2
		:: skip
		fi;
		todo = todo - count;
		avail.wrote = (avail.wrote + count) % MOD;
		MB_DRIVER_EVENT
	}
	atomic {
		if
		:: NEED(want.shown, avail.wrote, count) ->
			/* hvl_wmb_before_doorbell() */
			MB_DRIVER;
			to_device = true
		:: else
		fi;
		count = 0
	}
}

/* The driver, while the queue is there; then a new life of it. */
proctype driver()
{
	byte count;
	bool news;

end:	do
	:: {
		if
		:: !d_up ->
			/* What was on its way is lost, and offered anew. */
			asked = RESET;
			to_device = true;
			atomic { asked == GONE ->
				avail.wrote = 0; avail.shown = 0;
				irq.wrote = 0; irq.shown = 0;
				used.wrote = 0; used.shown = 0;
				want.wrote = 0; want.shown = 0;
				d_used = 0; d_irq = true;
				todo = WORK / 2; data = WORK
			}
			asked = ASK;
			to_device = true;
			atomic { asked == UP -> d_up = true }
		:: else
		fi;
end_idle:	do
		:: to_driver -> to_driver = false; driver_look()
		:: todo > 0 && LEFT(avail.wrote, d_used) < NUM ->
			driver_offer()
		od
	   } unless {
		atomic { kill_driver ->
			kill_driver = false;
			d_up = false; count = 0; news = false
		}
	   }
	od
}

#define WANT_WORD(on)                                                         \
	(kind == FLAGS -> (on -> ON : OFF) :                                  \
			  (kind == SPLIT_EVENT -> taken : EVENT(taken)))
#define UNKNOWN 255

/* split_want(), packed_want() */
inline device_want(on)
{
	if
	:: (on || kind == FLAGS) && wish != WANT_WORD(on) ->
		wish = WANT_WORD(on);
		want.wrote = wish
	:: else
	fi
}

/* hvl_dev_vq_notify_on() */
inline device_notify_on()
{
	atomic { device_want(true); MB_DEVICE_LOOK }
#ifndef NO_DEVICE_LOOK
	more = avail.shown != taken
#endif
}

/*
 * The model's process(): as much as there is, or a part of it. What is told to
 * the driver stands in `used`; what is given back, in count and next.
 */
inline device_process()
{
	do
	:: taken == known && avail.shown != known -> known = avail.shown
	:: taken == known && avail.shown == known -> break
	:: taken != known && paced && data == 0 -> waiting = true; break
	:: taken != known && (!paced || data > 0) ->
		d_step {
			waiting = false;
			if
			:: paced -> data--
			:: else
			fi;
			taken = (taken + 1) % MOD;
			next = (next + 1) % MOD;
			count++;
			took = polls;
			if
			:: early -> used.wrote = next
			:: else
			fi
		}
	:: taken != known && count > 0 -> more = true; break /* its budget */
	od
}

/* hvl_dev_vq_flush(); @ring if the driver wants to hear of it */
inline device_flush()
{
	if
	:: count > 0 ->
		atomic { used.wrote = next; MB_DEVICE_EVENT }
		atomic {
			ring = ring || NEED(irq.shown, next, count);
			count = 0
		}
	:: else
	fi
}

/* dev_serve() */
inline device_serve()
{
	atomic { device_want(false) };
	device_process();
	device_flush();
	if
	:: !more && !waiting && !polled -> device_notify_on()
	:: else
	fi
}

/* The transport's poll(): what a fence, or QueuePFN, asks for. */
inline device_poll()
{
	if
	:: atomic { asked == RESET ->
			MB_DEVICE;
			live = false;
			asked = GONE }
	:: atomic { asked == ASK ->
			taken = 0; known = 0; next = 0; waiting = false;
			wish = 0;
			live = true;
			asked = UP }
	:: else
	fi
}

/* hvl_dev_vq_resume(), hvl_dev_vq_settle() */
inline device_resume()
{
	d_step {
		next = used.shown;
		if
		:: !once -> taken = next
		:: else
		fi;
		known = taken
	};
	if
	:: live && asked != RESET ->
		atomic { next = taken; used.wrote = next; MB_DEVICE }
#ifndef OLD_WANT
		wish = UNKNOWN;
#endif
		atomic { device_want(true); MB_DEVICE }
	:: else
	fi;
	atomic {
		resuming = false;
#ifndef NO_HELLO
		ring = true;
#endif
		more = true
	}
}

/*
 * service_poll(): it polls for as long as it likes, and may stop just when
 * something has come. @took: it took something at this look.
 */
inline device_start_polling()
{
	atomic {
		if
		:: took && !more && !waiting -> polled = true
		:: true
		fi;
		took = false
	}
}

#ifdef NO_LAST_PASS
#define STOP_POLLING polled = false
#else
#define STOP_POLLING polled = false; more = true
#endif

proctype device()
{
	byte count, next = START;
	bool ring, more, resuming, took;

end:	do
	:: {
		if
		:: resuming -> device_resume()
		:: else
		fi;
end_idle:	do
		:: atomic { polled -> STOP_POLLING }
		:: atomic { to_device || to_backing || more ||
			    (polled && avail.shown != taken) ->
				to_device = false; to_backing = false;
				more = false };
			device_poll();
			if
			:: live -> device_serve()
			:: else
			fi;
			atomic {
				if
				:: ring ->
					/* hvl_wmb_before_doorbell() */
					MB_DEVICE;
					ring = false;
					to_driver = true
				:: else
				fi
			}
			if
			:: polls -> device_start_polling()
			:: else
			fi
		od
	   } unless {
		/*
		 * It dies, and its stores are seen before it comes back. What
		 * it had of its backing for buffers that it had not shown is
		 * there again.
		 */
		atomic { kill_device ->
			kill_device = false;
			MB_DEVICE;
			if
			:: !once -> data = data + LEFT(taken, used.shown)
			:: else
			fi;
			count = 0; next = 0; ring = false; more = false;
			took = false; polled = false;
			waiting = false; known = 0; wish = 0;
			resuming = true
		}
	   }
	od
}

/* Store buffers: what is in them is seen at some time. */
proctype memory()
{
end:	do
	:: atomic { avail.shown != avail.wrote -> avail.shown = avail.wrote }
	:: atomic { irq.shown != irq.wrote -> irq.shown = irq.wrote }
	:: atomic { used.shown != used.wrote -> used.shown = used.wrote }
	:: atomic { want.shown != want.wrote -> want.shown = want.wrote }
	od
}

/* Everything else that can happen. It all comes, at some time. */
proctype world()
{
	byte n = WORK, t = TROUBLE;

	do
	:: atomic { n > 0 && paced -> n--; data++; to_backing = true }
	:: atomic { n > 0 && !paced -> n = 0 }
	:: atomic { t > 0 -> t-- }
	/* Somebody else's doorbells. */
	:: atomic { t > 0 && !to_driver -> t--; to_driver = true }
	:: atomic { t > 0 && !to_device -> t--; to_device = true }
#ifndef PEACEFUL
	/* Lost ones. */
	:: atomic { t > 0 && to_driver -> t--; lost++; to_driver = false }
	:: atomic { t > 0 && to_device -> t--; lost++; to_device = false }
	/* Restarts. */
	:: atomic { t > 0 && !kill_driver -> t--; kill_driver = true }
	:: atomic { t > 0 && !kill_device -> t--; kill_device = true }
#endif
	:: n == 0 && t == 0 -> break
	od
}

/*
 * Nothing moves. Where a doorbell was lost this is the time when both sides
 * look by themselves; else that must not be needed.
 */
proctype rest()
{
end:	do
	:: timeout ->
		if
#ifndef NO_TIMER
		:: lost > 0 ->
			atomic {
				lost--;
				to_driver = true;
				to_device = true
			}
#endif
		:: else ->
			assert(d_up && live);
			assert(todo == 0);
			assert(taken == avail.wrote);
			assert(d_used == avail.wrote);
			break
		fi
	od
}

init
{
	atomic {
#ifdef KIND
		kind = KIND;
#else
		if
		:: kind = FLAGS
		:: kind = SPLIT_EVENT
		:: kind = PACKED_EVENT
		fi;
#endif
		if
#ifdef POLLS
		:: once = true; polls = true
#else
		:: paced = true
		:: once = true
		:: kind != SPLIT_EVENT -> early = true; once = true
#endif
		fi;
		avail.wrote = START; avail.shown = START;
		used.wrote = START; used.shown = START;
		irq.wrote = IRQ_WORD; irq.shown = irq.wrote;
		wish = WANT_WORD(true);
		want.wrote = wish; want.shown = want.wrote;
		run driver();
		run device();
		run memory();
		run world();
		run rest()
	}
}
