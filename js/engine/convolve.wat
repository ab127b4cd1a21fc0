;; A convolution with 5 × 5 kernels, without negatives: four numbers at a time, in single precision. `make build` turns it
;; into WebAssembly. Eight sums of four numbers are made at a time, of two neighbours and sixteen channels: so many stay
;; in the processor's registers.
;;
;; All arrays lie in the memory, channels last, at these addresses in bytes:
;;   x        (side, side, inputs)
;;   weights  (5, 5, inputs, outputs)
;;   bias     (outputs)
;;   y        (side - 4, side - 4, outputs), which is written
;; side is even, and outputs a multiple of 16.
(module
  (memory (export "memory") 8)

  (func (export "convolve")
    (param $x i32) (param $side i32) (param $inputs i32)
    (param $weights i32) (param $bias i32) (param $y i32) (param $outputs i32)
    (local $valid i32) (local $top i32) (local $left i32) (local $channel i32) (local $line i32)
    (local $pixel i32) (local $step i32) ;; bytes of a pixel of x, and of the outputs of one weight
    (local $a i32) (local $end i32) (local $w i32) (local $at i32)
    (local $s v128) (local $t v128) (local $k v128) (local $zero v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local $t0 v128) (local $t1 v128) (local $t2 v128) (local $t3 v128)
    (local.set $valid (i32.sub (local.get $side) (i32.const 4)))
    (local.set $pixel (i32.shl (local.get $inputs) (i32.const 2)))
    (local.set $step (i32.shl (local.get $outputs) (i32.const 2)))
    (loop $tops
      (local.set $left (i32.const 0))
      (loop $lefts
        (local.set $channel (i32.const 0)) ;; in bytes
        (loop $channels
          (local.set $at (i32.add (local.get $bias) (local.get $channel)))
          (local.set $s0 (v128.load (local.get $at)))
          (local.set $s1 (v128.load offset=16 (local.get $at)))
          (local.set $s2 (v128.load offset=32 (local.get $at)))
          (local.set $s3 (v128.load offset=48 (local.get $at)))
          (local.set $t0 (local.get $s0))
          (local.set $t1 (local.get $s1))
          (local.set $t2 (local.get $s2))
          (local.set $t3 (local.get $s3))
          (local.set $w (i32.add (local.get $weights) (local.get $channel)))
          (local.set $line (i32.const 0))
          (loop $lines
            ;; What a kernel covers of a row lies side by side.
            (local.set $a
              (i32.add (local.get $x)
                (i32.mul (local.get $pixel)
                  (i32.add (local.get $left)
                    (i32.mul (local.get $side) (i32.add (local.get $top) (local.get $line)))))))
            (local.set $end (i32.add (local.get $a) (i32.mul (local.get $pixel) (i32.const 5))))
            (loop $numbers
              (local.set $s (v128.load32_splat (local.get $a)))
              (local.set $t (v128.load32_splat (i32.add (local.get $a) (local.get $pixel))))
              (local.set $k (v128.load (local.get $w)))
              (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $s) (local.get $k))))
              (local.set $t0 (f32x4.add (local.get $t0) (f32x4.mul (local.get $t) (local.get $k))))
              (local.set $k (v128.load offset=16 (local.get $w)))
              (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $s) (local.get $k))))
              (local.set $t1 (f32x4.add (local.get $t1) (f32x4.mul (local.get $t) (local.get $k))))
              (local.set $k (v128.load offset=32 (local.get $w)))
              (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $s) (local.get $k))))
              (local.set $t2 (f32x4.add (local.get $t2) (f32x4.mul (local.get $t) (local.get $k))))
              (local.set $k (v128.load offset=48 (local.get $w)))
              (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $s) (local.get $k))))
              (local.set $t3 (f32x4.add (local.get $t3) (f32x4.mul (local.get $t) (local.get $k))))
              (local.set $w (i32.add (local.get $w) (local.get $step)))
              (local.set $a (i32.add (local.get $a) (i32.const 4)))
              (br_if $numbers (i32.lt_u (local.get $a) (local.get $end))))
            (local.set $line (i32.add (local.get $line) (i32.const 1)))
            (br_if $lines (i32.lt_u (local.get $line) (i32.const 5))))
          (local.set $at
            (i32.add (i32.add (local.get $y) (local.get $channel))
              (i32.mul (local.get $step)
                (i32.add (local.get $left) (i32.mul (local.get $valid) (local.get $top))))))
          (v128.store (local.get $at) (f32x4.max (local.get $s0) (local.get $zero)))
          (v128.store offset=16 (local.get $at) (f32x4.max (local.get $s1) (local.get $zero)))
          (v128.store offset=32 (local.get $at) (f32x4.max (local.get $s2) (local.get $zero)))
          (v128.store offset=48 (local.get $at) (f32x4.max (local.get $s3) (local.get $zero)))
          (local.set $at (i32.add (local.get $at) (local.get $step)))
          (v128.store (local.get $at) (f32x4.max (local.get $t0) (local.get $zero)))
          (v128.store offset=16 (local.get $at) (f32x4.max (local.get $t1) (local.get $zero)))
          (v128.store offset=32 (local.get $at) (f32x4.max (local.get $t2) (local.get $zero)))
          (v128.store offset=48 (local.get $at) (f32x4.max (local.get $t3) (local.get $zero)))
          (local.set $channel (i32.add (local.get $channel) (i32.const 64)))
          (br_if $channels (i32.lt_u (local.get $channel) (local.get $step))))
        (local.set $left (i32.add (local.get $left) (i32.const 2)))
        (br_if $lefts (i32.lt_u (local.get $left) (local.get $valid))))
      (local.set $top (i32.add (local.get $top) (i32.const 1)))
      (br_if $tops (i32.lt_u (local.get $top) (local.get $valid)))))
)
