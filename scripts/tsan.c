// What the thread sanitizer has to be told: `Mutex` locks and unlocks in code that is compiled into ours, and so is seen, but
// where threads wait for each other it calls the Swift library, which is not. scripts/sanitize.sh links this into the tests.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

// _MutexHandle._lockSlow(UInt32), _tryLockSlow() and _unlockSlow().
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void deltaic_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool deltaic_try_lock(SELF) __asm__(TRY_LOCK);
SWIFT void deltaic_unlock(SELF) __asm__(UNLOCK);

SWIFT void deltaic_lock(uint32_t thread, SELF) {
    SWIFT void (*lock)(uint32_t, SELF) = (SWIFT void (*)(uint32_t, SELF))dlsym(RTLD_NEXT, LOCK);
    lock(thread, handle);
    __tsan_acquire(handle);
}

SWIFT bool deltaic_try_lock(SELF) {
    SWIFT bool (*try_lock)(SELF) = (SWIFT bool (*)(SELF))dlsym(RTLD_NEXT, TRY_LOCK);
    bool locked = try_lock(handle);
    if (locked) __tsan_acquire(handle);
    return locked;
}

SWIFT void deltaic_unlock(SELF) {
    SWIFT void (*unlock)(SELF) = (SWIFT void (*)(SELF))dlsym(RTLD_NEXT, UNLOCK);
    __tsan_release(handle);
    unlock(handle);
}
