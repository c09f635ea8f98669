# assumed
import torch; import torch.nn as nn
import torch.nn.functional as F

'''
my second network  --  15.3.
TODO: try more layers!!
'''

class  Net( nn.Module ) :
	""" CNN """
	def __init__( self , c = 4 ) :
		super( Net,self ).__init__() ; self.c = c
		self.conv1=nn.Conv2d( 1,c,kernel_size = ( 3,3 ) ) # 26
		self.conv2=nn.Conv2d(c,
			c*2,
				kernel_size = 3,    # 24
		)
		# self.conv3 = nn.Conv2d(8, 8, 3)
		self.drop = nn.Dropout2d( p = .3 ) ;

	def forward( self,x ) :
		"""
		x : images
		"""
		x = F.relu( self.conv1( x ) ) ; x = self.drop( x )
		x = F.max_pool2d( F.relu( self.conv2( x ) ),
		                  2 )
		y = x \
			+ torch.tanh( x )
		if ( self.c>3 ) : return ( y )
		else : return x
