/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interrupts of virtio-mmio version 1 in plain memory, with one device.
 * docs/theory/interrupts.md says what is modelled, and what is left out.
 *
 * Whatever happens, in any order: once nothing moves any more, the driver has
 * looked at its rings after the last used entry was published. Every run comes
 * to rest, so that nobody answers rings with acknowledgements and those with
 * rings for ever.
 *
 * To see that it can fail, and what each rule is for:
 *
 * -DCLEAR_ON_ACK  an acknowledgement clears the bit, and sets it again only if
 *                 there was more news since it was set
 * -DNO_LATE       news before an acknowledgement is not rung for after it
 * -DRING_ONCE     an acknowledged ring is never repeated
 * -DOLD_STATUS    Status is not looked at again after QueuePFN
 * -DANSWER_ACKS   each acknowledgement is answered by a ring: no rest
 * -DPEACEFUL      nothing is lost or restarted, if that is enough to fail
 */

#ifndef NEWS
#define NEWS 2 /* times that used entries are published */
#endif
#ifndef TROUBLE
#define TROUBLE 2 /* other events altogether: see world */
#endif

mtype = { OLDER, NEWER, OWN };	      /* drivers */
mtype = { NONE, REQUEST, ACK, BACK }; /* QueuePFN; BACK: written back */

#define VRING 1

#define BEGIN 0 /* phases of the driver's set-up */
#define RESET 1
#define ASK 2
#define WAIT 3
#define READY 4
#define UP 5

#ifdef OLD_STATUS
#define STATUS_HOLDS true
#else
#define STATUS_HOLDS status == seen
#endif

#define INIT 1
#define DRIVER_OK 4

mtype kind;

/* Shared memory. A used entry is one that the driver has not looked at yet. */
byte isr_reg, ack_reg, status;
bool counted; /* InterruptCount moved since the driver looked */
mtype pfn = NONE;
bool used;

/* Doorbells: they merge, and take as long as they like. */
bool to_driver, to_device;

/* The driver. */
byte phase = UP;
bool kill_driver;

/* The device: in its memory, and what it has recorded against its death. */
byte isr, late, seen;
bool unacked, unsure, queue, live, setup_over;
bool same_life; /* of the driver, since the queue was set up */
bool kill_device;

/* What the device's backing has for it. */
bool news;
byte lost;

/*
 * The driver's handler. Deployed ones look at the rings if bit 0 is set, and
 * acknowledge what they read; our own does so if the count moved, and looks
 * in any case.
 */
inline handle()
{
	if
	:: kind == OWN && !counted -> skip
	:: kind == OWN && counted ->
		counted = false;
		r = isr_reg
	:: kind != OWN ->
		r = isr_reg;
		if
		:: r & VRING -> used = false
		:: else
		fi
	fi;
	if
	:: kind != OWN || r != 0 -> ack_reg = r
	:: else
	fi;
	if
	:: r != 0 -> to_device = true
	:: else
	fi;
	if
	:: kind == OWN ->
		used = false
	:: else
	fi;
	r = 0
}

/* The handler interrupts the set-up between any two of its steps. */
proctype driver()
{
	byte r;

end:	do
	:: {
end_idle:	do
		:: to_driver -> to_driver = false; handle()
		:: atomic { phase == BEGIN && kind == OLDER ->
			status = INIT; to_device = true; phase = ASK }
		/* No trace; but the device saw how far it had come. */
		:: atomic { phase == BEGIN && kind == NEWER &&
			(!(status & DRIVER_OK) || (setup_over && pfn == NONE)) ->
			status = status | INIT; to_device = true; phase = ASK }
		:: atomic { phase == BEGIN && kind != OLDER ->
			status = 0; to_device = true; phase = RESET }
		/* Deployed ones do not wait. */
		:: atomic { phase == RESET &&
			(kind == NEWER || (pfn == NONE && seen == 0)) ->
			status = INIT; to_device = true; phase = ASK }
		:: atomic { phase == ASK ->
			pfn = REQUEST; to_device = true; phase = WAIT }
		:: atomic { phase == WAIT && pfn == ACK ->
			pfn = (kind == OLDER -> ACK : BACK); phase = READY }
		:: atomic { phase == READY ->
			status = (kind == OLDER -> DRIVER_OK :
						   status | DRIVER_OK);
			to_device = true; phase = UP }
		od
	   } unless {
		/* It is gone, wherever it was, and so are its rings. */
		atomic { kill_driver ->
			kill_driver = false;
			phase = BEGIN;
			r = 0;
			same_life = false;
			used = false;
			if
			:: counted = kind == OWN
			:: skip
			fi;
			if
			:: to_driver = false
			:: skip
			fi
		}
	   }
	od
}

/*
 * The device, after lib/device/mmio_v1.c. Each atomic step touches one word of
 * the shared memory at most; the rest of it is the device's own.
 */

/* v1_ring(): the doorbell itself rings when the service ends. */
inline dev_ring()
{
	atomic {
		unacked = true; late = 0; ring = true;
#ifndef RING_ONCE
		unsure = true;
#endif
		counted = kind == OWN
	}
}

/* v1_interrupt() */
inline dev_interrupt(bits)
{
#ifdef CLEAR_ON_ACK
	atomic {
		fresh = bits & ~isr;
		late = late | (bits & isr);
		isr = isr | bits;
		if
		:: fresh != 0 -> isr_reg = isr
		:: else
		fi
	}
#else
	atomic {
		if
		:: (bits & ~isr) != 0 ->
			isr = isr | bits;
			isr_reg = isr
		:: else
		fi;
		fresh = !unacked;
		if
#ifndef NO_LATE
		:: unacked -> late = late | bits
#endif
		:: else
		fi
	}
#endif
	if
	:: fresh != 0 -> dev_ring()
	:: else
	fi;
	fresh = 0
}

/* v1_take_ack() */
inline dev_take_ack()
{
	ack = ack_reg;
	if
	:: ack != 0 ->
#ifdef CLEAR_ON_ACK
		atomic {
			ack_reg = 0;
			fresh = isr & late & ack;
			late = late & ~ack;
			isr = (isr & ~ack) | fresh;
			unacked = isr != 0
		}
		isr_reg = isr;
#else
		atomic {
			ack_reg = 0;
			unacked = false;
			fresh = late
		}
#ifdef ANSWER_ACKS
		fresh = 1;
#endif
#endif
		if
		:: fresh != 0 -> dev_ring()
		:: else
		fi;
		atomic { fresh = 0; ack = 0 }
	:: else
	fi
}

/* v1_forget() */
inline dev_forget()
{
	atomic {
		isr = 0; late = 0; unacked = false; unsure = false;
		seen = 0; queue = false; live = false; setup_over = false;
		isr_reg = 0
	}
}

/* v1_reset() */
inline dev_reset()
{
	p = pfn;
	if
	:: seen != 0 || p != NONE ->
		dev_forget();
		ring = true;
		if
		:: status == 0 ->
			ack_reg = 0;
			/* A few instructions, and undone if it went on. */
			atomic {
				if
				:: status == 0 && pfn == p -> pfn = NONE
				:: else
				fi
			}
		:: else
		fi
	:: else
	fi;
	p = NONE
}

/* v1_restarted() */
inline dev_restarted()
{
	if
	:: s < seen || (seen & DRIVER_OK & ~s) != 0 ||
	   (setup_over && pfn == REQUEST) ->
		dev_forget();
		ring = false;
#ifndef OLD_STATUS
		s = status
#endif
	:: else
	fi
}

/* v1_take_status(), v1_setup_queue(), v1_go_live(), v1_mark() */
inline dev_setup()
{
	atomic {
		if
		:: (s & DRIVER_OK & ~seen) != 0 && seen != 0 ->
			setup_over = true
		:: else
		fi;
		seen = s
	}
	/* In one step, where the code has a few instructions. Clears the ring. */
	atomic {
		if
		:: !setup_over && pfn == REQUEST && STATUS_HOLDS ->
			pfn = ACK;
			queue = true;
			same_life = true;
			used = false;
			ring = true
		:: else
		fi
	};
	atomic {
		if
		:: (s & DRIVER_OK) && queue -> live = true
		:: else
		fi;
		if
		:: live && pfn == BACK -> setup_over = true; pfn = NONE
		:: else
		fi
	}
}

/* Nothing comes of it for a driver that has started over meanwhile. */
inline dev_publish()
{
	if
	:: live && news ->
		atomic {
			news = false;
			used = used || same_life
		}
		dev_interrupt(VRING)
	:: else
	fi
}

/* hvl_dev_service() */
inline dev_service()
{
	dev_take_ack();
	s = status;
	if
	:: s != 0 -> dev_restarted()
	:: else
	fi;
	if
	:: s == 0 -> dev_reset()
	:: else -> dev_setup()
	fi;
	dev_publish();
	if
	:: hello ->
		hello = false;
		if
		:: live -> dev_interrupt(VRING); ring = true
		:: else
		fi
	:: else
	fi;
	atomic {
		s = 0;
		if
		:: ring -> ring = false; to_driver = true
		:: else
		fi
	}
}

proctype device()
{
	byte ack, s, fresh;
	bool ring, hello;
	mtype p = NONE;

end:	do
	:: {
end_idle:	do
		:: atomic {
			to_device || (live && news) ->
				to_device = false };
			dev_service()
		od
	   } unless {
		/*
		 * It dies and comes back: what was recorded holds, what it
		 * knew of interrupts is gone. It rings once.
		 */
		atomic { kill_device ->
			kill_device = false;
			ack = 0; s = 0; fresh = 0; ring = false; p = NONE;
			late = 0; unacked = false; unsure = false;
			isr = isr_reg;
			hello = true;
			to_device = true
		}
	   }
	od
}

/* Everything else that can happen. It all comes, at some time. */
proctype world()
{
	byte n = NEWS, t = TROUBLE;

	do
	:: atomic { n > 0 && live && !news -> n--; news = true }
	/* Somebody else's doorbells. */
	:: atomic { t > 0 && !to_driver -> t--; to_driver = true }
	:: atomic { t > 0 && !to_device -> t--; to_device = true }
#ifndef PEACEFUL
	/* Lost ones. */
	:: atomic { t > 0 && to_driver -> t--; lost = 3; to_driver = false }
	:: atomic { t > 0 && to_device -> t--; lost = 3; to_device = false }
	/* Restarts. */
	:: atomic { t > 0 && !kill_driver -> t--; kill_driver = true }
	:: atomic { t > 0 && !kill_device -> t--; kill_device = true }
#endif
	:: n == 0 && t == 0 -> break
	od
}

/*
 * Nothing moves. Where a doorbell was lost this is the time when the device
 * looks by itself and repeats its ring; else it must not be needed.
 */
proctype rest()
{
end:	do
	:: timeout ->
		if
		:: lost > 0 ->
			atomic {
				lost--;
				to_device = true;
				if
				:: unacked || unsure ->
					counted = kind == OWN;
					unsure = false;
					unacked = true;
					late = 0;
					to_driver = true
				:: else
				fi
			}
		:: else ->
			assert(phase == UP);
			assert(live);
			assert(!used);
			break
		fi
	od
}

init
{
	atomic {
		if
		:: kind = OLDER
		:: kind = NEWER
		:: kind = OWN
		fi;
		/* Past its first set-up. */
		status = (kind == OLDER -> DRIVER_OK : INIT | DRIVER_OK);
		pfn = (kind == OLDER -> ACK : NONE);
		seen = status; queue = true; same_life = true; live = true;
		setup_over = true;
		run driver();
		run device();
		run world();
		run rest()
	}
}
