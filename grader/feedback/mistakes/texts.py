"""What a student reads about each mistake: a row of name, heading of the note, title and sentence (twice, where
the source can show it).

Trusted side; data. In a family's sentence, {0.result} and {0.right} are its site's words (`entries`).
"""

from collections.abc import Mapping

_ROWS = """
ignores_stride | stride-2-and-padding-1-in-two-dimensions | Stride ignored | {0.result} is what a stride of 1 gives: {0.right}.
swaps_stride_axes | stride-2-and-padding-1-in-two-dimensions | Stride's height and width exchanged | {0.result} is what the stride gives with its height and width exchanged: it is (height, width).
uses_one_stride | stride-2-and-padding-1-in-two-dimensions | One number of the stride used for both axes | {0.result} is what one number of the stride gives for both axes; the stride is (height, width).
dilates_by_one_zero | grad-x-by-dilating | Dilated by a single zero | {0.result} is what a stride of 2 gives where the stride is larger: put s - 1 zeros between the gradient's rows, not one.
ignores_padding | padding-and-cropping | Padding ignored | {0.result} is what a padding of 0 gives: {0.right}, where padded has p more rows on each side.
swaps_padding_axes | padding-and-cropping | Padding's height and width exchanged | {0.result} is what the padding gives with its height and width exchanged: it is (height, width).
uses_one_padding | padding-and-cropping | One number of the padding used for both axes | {0.result} is what one number of the padding gives for both axes; the padding is (height, width).
transposes_kernel | windows-as-a-view | Kernel transposed | {0.result} is that of the kernel with height and width exchanged: axis 2 of the weight runs down, axis 3 across.
swaps_channels | windows-as-a-view | Weight's channel axes exchanged | {0.result} is that of a weight (C_in, C_out, K_h, K_w); it is (C_out, C_in, K_h, K_w).
drops_axes_of_one | output-size-and-remainder | Axes of size one dropped | {0.result} has lost its axes of size one: a batch of one image, or one channel, keeps its axis.
refuses_remainder | output-size-and-remainder | Error where the stride leaves a remainder | Your code stops where the stride does not divide H + 2p - K. Such sizes are valid: floor the output size; the last rows are never read. | Valid sizes refused | Your code refuses sizes that the stride does not divide. They are valid: floor the output size; the last (H + 2p - K) % s rows are never read.
rounds_output_size_up | output-size-and-remainder | Output size rounded up | The output has a window too many where the stride leaves a remainder: floor the size.
returns_padded_grad_x | padding-and-cropping | Border left on grad_x | grad_x still has the border: cut it off with [p : p + H].
crops_from_the_end | padding-and-cropping | grad_x lost where the padding is 0 | grad_x is empty, or an error, where the padding is 0, as a cut by p:-p would make it: p : p + H works for every p. | Border cut off with p:-p | The border is cut off with p:-p, which is empty at p = 0: write p : p + H.
assigns_where_windows_overlap | grad-x-by-scattering | Overlapping windows overwrite each other | Where windows overlap, a later share takes the place of an earlier one: add them, += instead of =, or np.add.at with indices.
forgets_bias | the-index-sum | Bias not added | The output lacks the bias: add it once to each output channel.
keeps_one_kernel_element | the-index-sum | One kernel element instead of the sum | The output is the share of a single kernel element: sum over all K_h * K_w of them with +=.
adds_bias_several_times | the-index-sum | Bias added several times | The output has the bias several times: add it once, outside the loop over channels or kernel elements.
sums_channels_before_weighting | the-index-sum | Channels summed before they are weighted | The output is that of channels summed before they are weighted: each input channel has weights of its own.
shapes_grad_bias_differently | grad-bias | grad_bias has further axes | grad_bias has further axes of size one: it has the bias's shape, one axis.
averages_over_batch | batch-sums | Gradients averaged over the batch | The gradients of weight and bias are averaged over the batch: sum them instead.
keeps_last_image_only | batch-sums | Gradient of the last image only | The gradient is that of the last image alone: sum over the batch with +=.
ignores_upstream_gradient | the-matrix-behind-it | Upstream gradient ignored | The result is that of an upstream gradient of ones: multiply by the one that backward gets.
computes_in_float32 | dtype | Computed in float32 | float64 inputs give results of float32 precision or less: take the dtype from the input.
computes_in_integers | dtype | Results cut to integers | The fractions of the results are cut off, as in an integer array: allocate a float array.
answers_zeros | the-index-sum | Result all zeros | The result is all zeros: perhaps the loop that fills it never runs, or another array is filled.
negates_gradients | the-matrix-behind-it | Gradients with the wrong sign | The gradients have the wrong sign: backward returns them as they are, the step subtracts them.
clips_gradients | the-matrix-behind-it | Gradients clipped | The gradients are clipped: a layer returns them as they are.
flips_kernel_in_forward | the-index-sum | Kernel flipped in forward | The kernel is flipped. A layer correlates: weight[u, v] meets padded[s*i + u, s*j + v].
orders_columns_differently | windows-as-a-view | Windows and kernels flattened in different orders | The output is that of kernels flattened in another order than windows, so each weight meets another pixel's value.
reshapes_instead_of_transposing | windows-as-a-view | Output reshaped instead of transposed | The output has the right values in the wrong places: reshape to the product's own axes first, then transpose.
pads_twice | padding-and-cropping | Border twice as wide | The output is that of an input with a border of 2p on each side instead of p.
pads_too_far_before | padding-and-cropping | Border too wide above and to the left | The output is that of an input with 2p rows above it and 2p columns to its left: a border is p wide on each side.
pads_by_one | padding-and-cropping | Padding fixed at one | The output is that of a border of one pixel whatever the padding is.
pads_with_edge_values | padding-and-cropping | Border not zero | The border repeats or mirrors pixels of the image: fill it with zeros.
pads_one_side | padding-and-cropping | Border not the same on both sides | The output is that of an input whose border is not the same on both sides: each side gets p rows or columns.
pads_every_axis | padding-and-cropping | Batch and channels padded | The batch and the channels have a border too, as np.pad(x, p) makes one: pad only height and width.
swaps_output_height_and_width | output-size-and-remainder | Output's height and width exchanged | The output is as high as it should be wide, and as wide as it should be high: H_out follows from H, W_out from W.
exchanges_output_axes | output-size-and-remainder | Output's rows and columns exchanged | Height and width of the output are exchanged: axis 2 runs down, axis 3 across.
forgets_one_in_output_size | output-size-and-remainder | Last row and column of the output missing | The output lacks its last row and column: H_out is (H + 2p - K) // s + 1; the + 1 counts the first window.
adds_padding_once_to_output_size | output-size-and-remainder | Output sized for a border on one side | The output ends where (H + p - K) // s + 1 ends: the border is on both sides, so H_out is (H + 2p - K) // s + 1.
rounds_output_size | output-size-and-remainder | Output size rounded to the nearest | Where (H + 2p - K) / s is nearer to the next whole number, your code makes a window too many: round down, with //.
computes_one_output_size | output-size-and-remainder | Output as wide as it is high | The output is as wide as it is high, whatever the input is: H_out follows from H, W_out from W.
makes_output_as_large_as_input | output-size-and-remainder | Output as large as the input | The output has the input's height and width whatever kernel, stride and padding are.
counts_windows_without_padding | output-size-and-remainder | Windows counted without padding | Windows that an input without padding would not have are zero in the output: count H + 2p rows, not H.
adds_bias_along_wrong_axis | the-index-sum | Bias added along the wrong axis | The bias is added along the width or height; it belongs to channels: bias[:, None, None].
keeps_one_input_channel | the-index-sum | Only one input channel used | The output is that of a single input channel: sum over all of them.
views_outside_the_array | windows-as-a-view | as_strided reads outside its array | as_strided reads memory behind its array where there is padding: check that it gets the padded array.
assumes_contiguous_memory | windows-as-a-view | as_strided reads outside its array if x is a view | as_strided reads outside its array where x is a view of another: its strides are x.strides, not what its shape gives.
computes_float_sizes | output-size-and-remainder | A size is a float | A size, count or index is a float, which NumPy and range refuse: / always gives a float, // an int.
answers_anything | output-size-and-remainder | Invalid arguments accepted | Arguments that make no sense get an answer: raise ValueError.
clips_kernel_to_image | output-size-and-remainder | Kernel larger than the image accepted | Your code cuts a kernel that is larger than the padded image to size: raise ValueError.
ignores_extra_channels | windows-as-a-view | Unequal channels accepted | Your code skips the channels that only the image or only the kernel has: raise ValueError.
takes_negative_stride | stride-2-and-padding-1-in-two-dimensions | Stride of zero or less accepted | Your code takes a stride of zero or less for another one: raise ValueError.
takes_negative_padding | padding-and-cropping | Negative padding accepted | A negative padding crops the image, or counts as none: raise ValueError.
handles_square_images_only | output-size-and-remainder | Fails where the input is not square | Your code fails where the input is not square, and in no other case.
handles_square_kernels_only | output-size-and-remainder | Fails where the kernel is not square | Your code fails where the kernel is not square, and in no other case.
handles_equal_strides_only | stride-2-and-padding-1-in-two-dimensions | Fails where the strides of the two axes differ | Your code fails where the strides of the two axes differ, and in no other case.
handles_equal_paddings_only | padding-and-cropping | Fails where the paddings of the two axes differ | Your code fails where the paddings of the two axes differ, and in no other case.
handles_integers_only | output-size-and-remainder | Fails where kernel size, stride or padding is a pair (height, width) | Your code fails where kernel size, stride or padding is a pair (height, width), and in no other case.
fails_on_one_image | output-size-and-remainder | Fails where the batch has one image | Your code fails where the batch has one image, and in no other case.
fails_on_one_kernel | output-size-and-remainder | Fails where there is one output channel | Your code fails where there is one output channel, and in no other case.
crops_by_one | padding-and-cropping | Crop fixed at one | grad_x lacks one row and column on each side whatever the padding is: cut off p.
crops_one_end_only | padding-and-cropping | Border cut off one side only | grad_x still has the border of one side: cut off p rows and columns on each side.
crops_wrong_axes | padding-and-cropping | Border cut off the wrong axes | grad_x is cut along other axes than its height and width: the border lies around axes 2 and 3.
pads_gradient_like_the_blog | grad-x-by-dilating | Dilated gradient padded by p | grad_x is what a dilated gradient with a border of p gives: pad it by K - 1 and cut p off the result.
views_gradient_with_wrong_border | grad-x-by-dilating | Border of the dilated gradient too narrow or too wide | grad_x is what windows see of a dilated gradient whose border is not K - 1: pad it by K - 1, append r rows, then cut p off the result.
forgets_remainder_in_grad_x | output-size-and-remainder | Unread rows missing in grad_x | grad_x is what a dilated gradient without the remainder's r rows gives: append r rows and columns of zeros at its end.
gives_unread_rows_gradient | output-size-and-remainder | Unread rows have a gradient | Rows and columns that no window reads get a gradient: theirs is zero.
dilates_after_padding | grad-x-by-dilating | Gradient padded before it is dilated | grad_x is what a gradient gives that is padded first and dilated then, which stretches the border: dilate first.
does_not_flip_kernel_in_grad_x | grad-x-by-dilating | grad_x of the flipped kernel | grad_x is that of the flipped kernel: a window's share is its weight as it is; over a dilated gradient the kernel is turned.
keeps_one_image_in_grad_x | grad-x-by-scattering | Only one image gets its gradient | Only one image of the batch gets its gradient, the others zero: fill grad_x for every image.
keeps_one_kernel_in_grad_x | grad-x-by-scattering | Only one output channel's share kept | grad_x is only one output channel's share: sum the shares of all kernels with +=.
answers_zeros_if_padded | padding-and-cropping | grad_x all zeros where there is padding | grad_x is all zeros where there is padding: perhaps another array is filled than the one that is cropped.
returns_grad_weight_as_grad_x | the-matrix-behind-it | grad_weight returned as grad_x | grad_x is the gradient of the weight: return that of x.
updates_weight_before_grad_x | the-matrix-behind-it | Weights updated before grad_x | grad_x is that of weights which were already updated: compute it first, from the weights that forward used.
averages_grad_x_over_batch | the-matrix-behind-it | grad_x averaged over the batch | grad_x is divided by the batch size: leave it, since the loss has divided already.
replaces_zeros_in_gradients | the-matrix-behind-it | Zeros in grad_x replaced | grad_x is a small number where it should be exactly zero: zero is right there.
counts_windows_without_padding_in_backward | output-size-and-remainder | Windows counted without padding in backward | Only the windows of an input without padding count in the gradient: count windows as forward does.
does_not_dilate_in_grad_weight | stride-2-and-padding-1-in-two-dimensions | Gradient not dilated in grad_weight | grad_weight is larger than the kernel, as if the gradient were not dilated: put s - 1 zeros between its rows.
keeps_remainder_in_grad_weight | output-size-and-remainder | Unread rows used in grad_weight | grad_weight is larger than the kernel, as if the unread rows were correlated too: leave them out.
flips_grad_weight | grad-weight | grad_weight flipped | grad_weight is flipped: forward does not flip the kernel, so its gradient is not flipped either.
orders_gradient_differently | windows-as-a-view | Upstream gradient reshaped without transposing | The result is that of an upstream gradient whose axes were put in another order by reshape: transpose before reshaping.
keeps_last_window_in_grad_weight | batch-sums | Gradient of the last window only | grad_weight is the share of the last window alone: sum over all windows and images with +=.
transposes_grad_weight | windows-as-a-view | grad_weight's height and width exchanged | Height and width of grad_weight are exchanged: axis 2 runs down, axis 3 across.
swaps_channels_of_grad_weight | windows-as-a-view | grad_weight's channel axes exchanged | grad_weight has its channel axes exchanged: it has the weight's shape (C_out, C_in, K_h, K_w).
orders_columns_of_grad_weight_differently | windows-as-a-view | grad_weight reshaped in another order | grad_weight has the right values in the wrong places: reshape it in the order in which its columns were laid out.
returns_zero_grad_weight_for_one_image | grad-weight | grad_weight zero for one image | grad_weight stays zero for a batch of one image: loop over all images, the first one too.
averages_over_positions | batch-sums | Gradients averaged over positions | The gradients of weight and bias are divided by the number of positions: sum them instead.
sums_bias_over_wrong_axes | grad-bias | grad_bias summed over the wrong axes | grad_bias is the sum of the upstream gradient over other axes than 0, 2 and 3: sum over images and positions.
gives_bias_gradient_per_position | grad-bias | A bias gradient for each position | The gradient of the bias is summed over the batch only; a channel has one bias for all positions.
pads_maximum_with_zeros | padding-and-cropping | Border of zeros in max pooling | Max pooling is that of a border of zeros, which beats negative pixels: pad with minus infinity.
uses_kernel_as_stride_in_pooling | stride-2-and-padding-1-in-two-dimensions | Kernel size used as stride | Max pooling is that of windows side by side: move them by the stride where one is given.
swaps_kernel_axes_in_pooling | max-pooling | Window's height and width exchanged | Max pooling is that of a window with height and width exchanged: kernel_size is (height, width).
averages_instead_of_maximum | max-pooling | Mean instead of maximum | The mean or sum of each window is taken: take its maximum.
starts_maximum_at_zero | max-pooling | Maximum starts at zero | Windows of negative pixels give zero, as if the maximum started there: start at minus infinity.
gives_gradient_to_every_tie | max-pooling | Gradient given to every tie | Every pixel that equals the maximum gets the whole gradient: give it to the first one of a window.
shares_gradient_among_ties | max-pooling | Gradient shared among ties | Pixels that tie share the gradient: give it to the first one of a window, as PyTorch does.
gives_gradient_to_last_tie | max-pooling | Gradient given to the last tie | Of pixels that tie, the last gets the gradient: give it to the first one, as PyTorch does.
gives_gradient_to_whole_window | max-pooling | Gradient given to the whole window | Every pixel of a window gets its gradient: give it to the largest one alone.
assigns_to_winner_in_pooling | max-pooling | Overlapping windows overwrite each other's pixel | A pixel that wins in several windows has the gradient of the last one: use += instead of =.
leaves_border_out_of_mean | average-pooling | Border left out of the mean | The mean is over the image's pixels alone: the zeros of the border count too, so divide by K_h * K_w.
leaves_border_out_of_shares | average-pooling | Border left out of grad_x's shares | Windows at the border share their gradient among the image's pixels alone: divide it by K_h * K_w.
sums_instead_of_mean | average-pooling | Sum instead of mean | The pixels of each window are summed: divide the sum by K_h * K_w.
takes_maximum_instead_of_mean | average-pooling | Maximum instead of mean | The largest pixel of each window is taken: take the mean of all.
passes_undivided_gradient | average-pooling | Gradient not divided | Each pixel gets the whole gradient of its windows: divide it by K_h * K_w.
crops_to_the_windows | output-size-and-remainder | Unread rows missing in grad_x | grad_x ends with the last window: add the rows that no window reads, as zeros.
passes_gradient_at_zero | relu | Gradient passes at zero | The gradient passes where x is exactly zero: it is zero there, as in PyTorch.
rectifies_gradient | relu | Gradient rectified by its own sign | The gradient is rectified by its own sign: let it pass where x is positive.
passes_whole_gradient | relu | Whole gradient passed | The gradient passes everywhere: set it to zero where x is negative.
leaks_negative_values | relu | Leaky ReLU | Negative inputs are scaled down, as a leaky ReLU does: set them to zero.
forgets_transpose_in_linear | linear | Weight not transposed in forward | The output is that of the weight without its transpose; it is (out_features, in_features): x @ weight.T.
transposes_weight_in_linear_grad_x | linear | Weight transposed in grad_x | grad_x is that of the transposed weight: it is grad_output @ weight.
transposes_linear_grad_weight | linear | grad_weight transposed | grad_weight is (in_features, out_features): it has the weight's shape, grad_output.T @ x.
sums_linear_bias_over_wrong_axis | linear | grad_bias summed over the wrong axis | grad_bias is not the sum over the batch: sum the upstream gradient over axis 0, and over no other.
sums_loss_over_batch | softmax-cross-entropy | Loss summed over the batch | The loss is summed over the batch: divide it by N.
does_not_shift_logits | softmax-cross-entropy | Logits not shifted | Large logits overflow, as in exp(logits): subtract each row's maximum first.
takes_logarithm_of_probability | softmax-cross-entropy | Logarithm of a probability that may be zero | The loss is infinite where a probability is rounded to zero: log p = logit - log(sum of exponentials).
adds_small_number_to_probability | softmax-cross-entropy | Probabilities clipped or shifted | The loss is that of probabilities with a small number added, or clipped: log p = logit - log(sum of exp).
forgets_minus_in_loss | softmax-cross-entropy | Loss with the wrong sign | The loss has the wrong sign: it is minus the mean of the log-probabilities.
averages_loss_over_classes | softmax-cross-entropy | Loss averaged over the classes | The loss is divided by N times the number of classes: divide it by N.
normalises_over_batch | softmax-cross-entropy | Softmax taken down the batch | Softmax is taken down the batch: take it over the classes of each row, axis 1.
forgets_batch_size_in_grad_logits | softmax-cross-entropy | 1/N missing in the loss's gradient | The gradient lacks the 1/N of the mean: divide it by N.
forgets_one_hot | softmax-cross-entropy | Labels not subtracted | The gradient is the softmax alone: subtract 1 at each row's label.
negates_grad_logits | softmax-cross-entropy | Loss's gradient with the wrong sign | The gradient has the wrong sign: it is softmax minus one-hot.
returns_gradient_of_probabilities | softmax-cross-entropy | Gradient of the probabilities returned | The gradient is that of the probabilities, -1/p: carry it through the softmax to the logits.
divides_grad_logits_by_size | softmax-cross-entropy | Loss's gradient divided by N times classes | The gradient is divided by N times the number of classes: divide it by N.
accumulates_gradients | common-mistakes | Gradients add up over calls | The gradients of weight and bias add up over calls: set them anew in each backward.
keeps_first_input | common-mistakes | First input kept | The gradient is that of the first forward's input: replace what is remembered in each forward.
shares_memory_between_layers | common-mistakes | Memory shared between layers | A layer's gradient is that of another layer's input, as if both shared one memory: keep what forward sees in self.
rectifies_input_in_place | common-mistakes | Input changed | forward changes the array that it gets: work on a copy.
changes_upstream_gradient_in_place | common-mistakes | Upstream gradient changed | backward changes the gradient that it gets: work on a copy.
changes_bias_in_forward | common-mistakes | Bias changed by forward | forward changes the bias: an output that starts as the bias's own array must be a copy of it.
steps_uphill | training-step | Step along the gradient | The step goes along the gradient: subtract lr times the gradient instead.
ignores_learning_rate | training-step | Learning rate ignored | The step is that of another learning rate than the given one: use lr.
does_not_train_biases | training-step | Biases not trained | The step leaves the biases as they are.
trains_last_layer_only | training-step | Only the last layer trained | Only the last layer's weights change: move every layer that has a weight.
passes_layers_in_forward_order | training-step | Layers not reversed in backward | The network's backward goes through its layers in the order of forward: start with the last one, reversed(layers).
does_not_train | training-step | Nothing trained | The step changes neither weights nor biases.
sums_gradients_over_steps | common-mistakes | Gradients add up over steps | The gradients add up from step to step: each step uses its own batch's.
uses_momentum_unasked | training-step | Momentum in a plain step | The step is that of a momentum; plain gradient descent has none.
steps_twice | training-step | Two steps instead of one | The weights move twice as far: perhaps both backward and step move them.
clips_gradients_in_step | training-step | Gradients clipped in the step | The step clips the gradients: use them as backward left them.
"""

_NOTE = "reference/DERIVATION.md#"
TEXTS: Mapping[str, tuple[str, ...]] = {
    name: (_NOTE + heading, *texts)
    for name, heading, *texts in (row.split(" | ") for row in _ROWS.strip().splitlines())
}
"""Link, title and sentence by name; another title and sentence for where the source shows the mistake, if it
can: the first two are true of any code that gives these answers."""
