# Coupons. (placeholder)
