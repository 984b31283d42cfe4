// What the thread sanitizer has to be told of the Swift library, which is not instrumented; scripts/sanitize.sh links this into the tests.
//
// `Mutex` locks and unlocks in code that is compiled into ours, and so is seen, but calls the library where threads wait for each
// other. A continuation that is resumed before its task comes to wait hands its value over by an atomic of the library.
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

// Continuations: what a thread wrote before it resumed a task is seen by the task after it waited.
typedef void *Task;

SWIFT Task swift_task_getCurrent(void);

#define RESUME(NAME)                                                               \
    SWIFT void NAME(Task task) {                                                   \
        SWIFT void (*resume)(Task) = (SWIFT void (*)(Task))dlsym(RTLD_NEXT, #NAME); \
        __tsan_release(task);                                                      \
        resume(task);                                                              \
    }

RESUME(swift_continuation_resume)
RESUME(swift_continuation_throwingResume)

SWIFT void swift_continuation_throwingResumeWithError(Task task, void *error) {
    SWIFT void (*resume)(Task, void *) =
        (SWIFT void (*)(Task, void *))dlsym(RTLD_NEXT, "swift_continuation_throwingResumeWithError");
    __tsan_release(task);
    resume(task, error);
}

#define ASYNC __attribute__((swiftasynccall))

ASYNC void swift_continuation_await(void *context) {
    ASYNC void (*await)(void *) = (ASYNC void (*)(void *))dlsym(RTLD_NEXT, "swift_continuation_await");
    __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return await(context);
}
